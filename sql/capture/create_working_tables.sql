-- What the pages of one capture are written to as they arrive, outside any transaction, so that none
-- stays open while JAMF is being read. Temporary tables write no WAL, and a run that dies leaves
-- nothing.
-- incoming_records: records read whole.
-- listed_records: of each computer of a listing its section GENERAL alone, or all that is kept of it
--   where that is less (no part `general`); empty in a full sweep.
-- future_times: of the two times, by name, what JAMF sent where it lies in the future; the time itself is
--   another that JAMF gave, or null.
-- wanted_records: the listed computers that have to be read whole (find_wanted_computers).
do $$
begin
  create temporary table if not exists incoming_records (
    jamf_id text primary key,
    content_hash bytea not null,
    document text not null,
    last_contact_at timestamptz,
    reported_at timestamptz,
    future_times jsonb
  );
  create temporary table if not exists listed_records (
    jamf_id text primary key,
    content_hash bytea not null,
    document jsonb not null,
    last_contact_at timestamptz,
    reported_at timestamptz,
    future_times jsonb
  );
  create temporary table if not exists wanted_records (
    jamf_id text primary key
  );
end
$$
