-- Takes the listed computers of which no more is kept than the listing has (personally-owned Macs) as if they had been read whole.
insert into incoming_records
  (jamf_id, content_hash, document, last_contact_at, reported_at, future_times)
select listed.jamf_id, listed.content_hash, listed.document::text, listed.last_contact_at,
       listed.reported_at, listed.future_times
from listed_records as listed
where not listed.document ? 'general'
