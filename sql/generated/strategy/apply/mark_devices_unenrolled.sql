-- Shows on each device that left JAMF that it did (strategy: jamf_enrollment_status).
-- Parameters: integration_id, plan_id, first_row, last_row.
-- Run after update_mappings, which refuses links that moved, and before mark_applied. Nothing else of the
-- device changes: it may be gone only for a while. One that another JAMF server still has is not gone.
with gone as (
  select change.object_id from jamf_sync.change_plan as change
  where change.plan_id = %(plan_id)s and change.object_type = 'mapping' and change.label = 'device'
    and change.action = 'unenroll' and change.outcome is null
    and change.row_id between %(first_row)s and %(last_row)s
    and not exists (
      select from moss_contract.links_in_force() as link
      where link.object_type = 'device' and link.object_id = change.object_id
        and link.integration_id <> %(integration_id)s)
),
remembered as (
  update jamf_sync.applied_values as applied
  set values = applied.values || '{"jamf_enrollment_status": "unenrolled"}'
  from gone
  where applied.integration_id = %(integration_id)s and applied.object_type = 'device'
    and applied.object_id = gone.object_id
),
written as (
  insert into public.custom_field_values as stored (object_type, object_id, field_name, value)
  select 'device', object_id, 'jamf_enrollment_status', 'unenrolled' from gone
  on conflict (object_type, object_id, field_name) do update set value = excluded.value
  where stored.value is distinct from excluded.value
  returning true
)
select moss_contract.require_written('public.custom_field_values', (
    select count(*) from gone
    where not exists (
      select from public.custom_field_values as held
      where held.object_type = 'device' and held.object_id = gone.object_id
        and held.field_name = 'jamf_enrollment_status' and held.value = 'unenrolled')
  ) - (select count(*) from written))
