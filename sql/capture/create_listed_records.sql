-- Where the pages of a listing are COPYed: of each computer its section GENERAL alone, or all that is kept of it where that is
-- less (no part `general`). A temporary table, for the reasons of create_incoming_records; empty in a full sweep.
create temporary table if not exists listed_records (
  jamf_id text primary key,
  content_hash bytea not null,
  document jsonb not null,
  last_contact_at timestamptz,
  reported_at timestamptz
)
