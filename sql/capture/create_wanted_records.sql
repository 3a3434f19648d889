-- The listed computers that have to be read whole (filled by find_wanted_computers). A temporary table, as create_listed_records.
create temporary table if not exists wanted_records (
  jamf_id text primary key
)
