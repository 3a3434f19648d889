-- Departments reach people (sync_settings.sync_departments): JAMF's as a capture has them.
create function jamf_sync.jamf_departments_at(p_integration_id uuid, p_capture_id bigint)
returns setof jamf_sync.jamf_departments_snapshot language sql stable as $$
  select snapshot.* from jamf_sync.raw_jamf_departments as raw
  join jamf_sync.jamf_departments_snapshot as snapshot using (version_id)
  where raw.integration_id = p_integration_id and raw.valid_from_capture <= p_capture_id
    and (raw.valid_to_capture is null or raw.valid_to_capture > p_capture_id)
$$;
