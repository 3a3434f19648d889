-- What JAMF said of a record, version by version, oldest first, as far as it is kept. Parameters:
-- integration_id, collection, jamf_id. Grain: one version; `snapshot` is its typed row (null: not
-- staged yet), `seen_from` and `seen_until` the captures that first and no longer saw it. Indexes:
-- raw_jamf_current, raw_jamf_closed_records.
with versions as (
  -- Either part has its own index.
  select * from jamf_sync.raw_jamf
  where collection = %(collection)s and integration_id = %(integration_id)s
    and jamf_id = %(jamf_id)s and valid_to_capture is null
  union all
  select * from jamf_sync.raw_jamf
  where collection = %(collection)s and integration_id = %(integration_id)s
    and jamf_id = %(jamf_id)s and valid_to_capture is not null
)
select raw.version_id, raw.valid_from_capture, raw.valid_to_capture,
       opened.captured_at as seen_from, closed.captured_at as seen_until,
       coalesce(to_jsonb(computer), to_jsonb(jamf_user), to_jsonb(jamf_group)) as snapshot,
       raw.document ->> 'platform' as platform
from versions as raw
left join jamf_sync.captures as opened on opened.capture_id = raw.valid_from_capture
left join jamf_sync.captures as closed on closed.capture_id = raw.valid_to_capture
left join jamf_sync.jamf_computers_snapshot as computer
  on raw.collection in ('computers', 'mobile_devices') and computer.version_id = raw.version_id
left join jamf_sync.jamf_users_snapshot as jamf_user
  on raw.collection = 'users' and jamf_user.version_id = raw.version_id
left join jamf_sync.jamf_groups_snapshot as jamf_group
  on raw.collection = 'groups' and jamf_group.version_id = raw.version_id
order by raw.valid_from_capture, raw.version_id
