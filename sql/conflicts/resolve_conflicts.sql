-- Records what a person decided on open conflicts. Parameters: integration_id, conflict_ids, resolution, reason, decided_by.
-- Run under the log-in role: row-level security lets no role of the pipeline do this. What needs no further deed (an overwritten edit or
-- a made link is confirmed) is closed at once; anything else counts until it is carried out or taken back. A pin ends the
-- decisions and open conflicts that the same field of the object had before. Yields the conflicts decided: conflict_id, status.
with decided as (
  update jamf_sync.conflicts as conflict
  set resolution = %(resolution)s, resolution_reason = %(reason)s, resolved_by = %(decided_by)s, resolved_at = now(),
      carried_out_by_plan = null, reopened_by = null, reopened_at = null,
      status = case when is_over.value then 'closed' else 'resolved' end, closed_at = case when is_over.value then now() end
  from jamf_sync.conflicts as present
  cross join lateral (
    select %(resolution)s = 'take_jamf' and (present.kind = 'human_edit_overwritten' or present.kind = 'serial_not_linked' and exists (
      select from moss_contract.integration_object_mappings() as mapping
      where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = present.object_type
        and mapping.internal_id = present.object_id and mapping.external_type = present.external_type
        and mapping.external_id = present.external_id)) as value
  ) as is_over
  where conflict.conflict_id = present.conflict_id and present.integration_id = %(integration_id)s
    and present.conflict_id = any (%(conflict_ids)s) and conflict.status = 'open'
  returning conflict.*
),
ended as (
  update jamf_sync.conflicts as earlier
  set status = 'closed', closed_at = now()
  from decided
  where decided.resolution = 'pin' and earlier.integration_id = %(integration_id)s and earlier.status in ('open', 'resolved')
    and earlier.object_type = decided.object_type and earlier.object_id = decided.object_id and earlier.field = decided.field
    and earlier.conflict_id <> all (%(conflict_ids)s)
)
select conflict_id, status from decided order by conflict_id
