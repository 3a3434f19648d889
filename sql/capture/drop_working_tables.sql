-- Drops what a capture worked on, so that the next on this connection begins with nothing.
drop table if exists incoming_records, listed_records, wanted_records
