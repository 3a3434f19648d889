-- Forgets the listing and the pages of the capture that is being written: it begins anew, as a full sweep.
truncate incoming_records, listed_records, wanted_records
