-- The kind of a device follows its model for as long as it is the default that the sync wrote (fields.csv: device_type). What
-- was written then becomes base; of devices that stand, the change log tells it. Those of which it tells nothing (created
-- before its retention, or not by the sync) have no such base: their kind stays as it is, whatever their model is.

alter table jamf_sync.field_ownership
  drop constraint field_ownership_on_update_check,
  add constraint field_ownership_on_update_check
    check (on_update in ('overwrite', 'fill', 'follow', 'never'));

with created as (
  select distinct on (plan.integration_id, change.object_id)
         plan.integration_id, change.object_id, change.after ->> 'device_type' as device_type
  from jamf_sync.change_plan as change
  join jamf_sync.plans as plan using (plan_id)
  where change.object_type = 'device' and change.action = 'create' and change.outcome = 'applied'
    and change.after ? 'device_type'
  order by plan.integration_id, change.object_id, change.row_id desc
)
update jamf_sync.applied_values as base
set values = base.values || jsonb_build_object('device_type', created.device_type)
from created
where base.object_type = 'device' and base.integration_id = created.integration_id
  and base.object_id = created.object_id;
