-- Where the pages of one capture are COPYed as they arrive. A temporary table writes no WAL and a run that dies
-- leaves nothing; it outlives transactions, so none stays open while JAMF is being read.
create temporary table if not exists incoming_records (
  jamf_id text primary key,
  content_hash bytea not null,
  document text not null,
  last_contact_at timestamptz,
  reported_at timestamptz
)
