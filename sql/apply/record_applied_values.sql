-- Remembers, as base for the next comparison, what was written and what both sides were seen to agree on.
-- Parameters: integration_id, plan_id, object_type, first_row, last_row. Fields the sync never updates have no base.
insert into jamf_sync.applied_values as stored (integration_id, object_type, object_id, values)
select %(integration_id)s, planned.object_type, planned.object_id,
       jsonb_strip_nulls((planned.agreed || planned.after) - array(
         select field from jamf_sync.field_ownership
         where integration_id = %(integration_id)s and object_type = %(object_type)s and on_update = 'never'))
         -- Of an interface also which one it is: one that a person deletes is not created again.
         || case when planned.object_type = 'io' and planned.action = 'create' then jsonb_build_object(
              'device_id', planned.details ->> 'device_id', 'mac_address', planned.after ->> 'mac_address') else '{}' end
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
on conflict (integration_id, object_type, object_id) do update
set values = (stored.values - array(select jsonb_object_keys(
  (select change.agreed || change.after from jamf_sync.change_plan as change
   where change.plan_id = %(plan_id)s and change.object_type = %(object_type)s and change.object_id = excluded.object_id
     and change.row_id between %(first_row)s and %(last_row)s)))) || excluded.values
