-- Pins every field that a revert is to put back, as decisions of a person. Parameters: integration_id, plan_id, reason, decided_by.
-- Run under the log-in role: no role of the pipeline may record a decision. A field that is pinned already stays as it is.
-- Yields one row: pinned.
with pinned as (
  insert into jamf_sync.conflicts
    (integration_id, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, moss_value, base_value, detail,
     status, opened_by_plan, resolution, resolution_reason, resolved_by, resolved_at, carried_out_by_plan)
  select %(integration_id)s, change.object_type, change.object_id, change.external_type, change.external_id, change.label, 'reverted', field.key,
         change.before ->> field.key, field.value, change.before ->> field.key,
         'A person reverted what the sync wrote and pinned the value that was there before.',
         'resolved', change.plan_id, 'pin', %(reason)s, %(decided_by)s, now(), change.plan_id
  from jamf_sync.change_plan as change cross join lateral jsonb_each_text(change.after) as field
  where change.plan_id = %(plan_id)s and change.action = 'update' and change.outcome is null
    and not exists (
      select from jamf_sync.conflicts as earlier
      where earlier.integration_id = %(integration_id)s and earlier.object_type = change.object_type
        and earlier.object_id = change.object_id and earlier.field = field.key
        and earlier.status = 'resolved' and earlier.resolution = 'pin')
  returning conflict_id
)
select count(*) as pinned from pinned
