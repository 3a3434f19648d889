-- Plans to undo the links between JAMF records and devices that a person declined: values that we wrote since we linked them, where they
-- still stand, go back to what the device held before; interfaces we added go; the link goes. Parameters: integration_id, plan_id.
-- Reads device_matches (outcome declined), applied_values, change_plan. Run after everything else of a plan but its links is planned.
-- Once undone there is no link, and the statement finds nothing. One look-up of values per device, as a subquery: declined are few.
with declined as materialized (
  select match.jamf_id, match.device_id, mapping.id as mapping_id,
    (select value.values from moss_contract.device_values() as value where value.id = match.device_id) as moss,
    (select base.values from jamf_sync.applied_values as base
     where base.integration_id = %(integration_id)s and base.object_type = 'device' and base.object_id = match.device_id) as base,
    (select max(linking.row_id) from jamf_sync.change_plan as linking
     join jamf_sync.plans as own on own.plan_id = linking.plan_id and own.integration_id = %(integration_id)s
     where linking.object_type = 'device' and linking.object_id = match.device_id and linking.outcome = 'applied'
       and linking.action = 'link' and linking.external_id = match.jamf_id) as linking_row
  from jamf_sync.device_matches as match
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.external_type = jamf_sync.device_record_type(match.jamf_id)
   and mapping.external_id = match.jamf_id and mapping.internal_type = 'device' and mapping.internal_id = match.device_id
  where match.integration_id = %(integration_id)s and match.outcome = 'declined'
),
fields as (
  -- Of each field that we wrote since, what it held first.
  select distinct on (declined.device_id, field.key) declined.device_id, field.key as field, coalesce(change.before -> field.key, 'null') as original
  from declined
  join jamf_sync.change_plan as change
    on change.object_type = 'device' and change.object_id = declined.device_id and change.outcome = 'applied'
   and change.row_id >= declined.linking_row
  join jamf_sync.plans as own on own.plan_id = change.plan_id and own.integration_id = %(integration_id)s
  cross join lateral jsonb_each(change.after) as field
  order by declined.device_id, field.key, change.row_id
),
restored as (
  select declined.device_id, declined.jamf_id, jsonb_object_agg(field.field, declined.moss -> field.field) as before,
         jsonb_object_agg(field.field, field.original) as after, jsonb_object_agg(field.field, 'decided_keep_moss') as rules
  from declined join fields as field using (device_id)
  where declined.moss -> field.field is not null and field.original <> declined.moss -> field.field
    and declined.moss -> field.field = coalesce(declined.base -> field.field, 'null')
  group by declined.device_id, declined.jamf_id
),
devices as (
  insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, before, after, rules)
  select %(plan_id)s, 'device', restored.device_id, jamf_sync.device_record_type(restored.jamf_id), restored.jamf_id, declined.moss ->> 'hostname', 'update', 'link_declined',
         restored.before, restored.after, restored.rules
  from restored join declined using (device_id)
  returning object_id
),
interfaces as (
  insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, details)
  select %(plan_id)s, 'io', created.object_id, created.external_type, created.external_id, created.label, 'delete', 'link_declined',
         jsonb_build_object('undoes', created.row_id, 'device_id', declined.device_id)
  from declined
  join moss_contract.ios() as io on io.device_id = declined.device_id
  join jamf_sync.change_plan as created
    on created.object_type = 'io' and created.object_id = io.id and created.outcome = 'applied' and created.action = 'create'
  join jamf_sync.plans as own on own.plan_id = created.plan_id and own.integration_id = %(integration_id)s
  returning object_id
),
links as (
  insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, details)
  select %(plan_id)s, 'mapping', device_id, jamf_sync.device_record_type(jamf_id), jamf_id, 'device', 'unlink', 'link_declined',
         jsonb_build_object('mapping_id', mapping_id)
  from declined
)
update jamf_sync.plan_counts as counts
set skipped = counts.skipped - case counts.object_type when 'device' then (select count(*) from devices) else 0 end,
    seen = counts.seen + case counts.object_type when 'io' then (select count(*) from interfaces) else 0 end
where counts.plan_id = %(plan_id)s and counts.object_type in ('device', 'io') and exists (select from declined)
