-- Plans the compared objects of a type that another JAMF server leads: nothing of them is written. What is new about them is a
-- link; in what this server has otherwise they are one conflict each, which names both servers; the rest is unchanged.
-- Parameters: integration_id, plan_id, object_type. Takes them out of compared_objects, so that no field of them is decided
-- (plan_field_changes). Run between the comparison and that. The external id of a group is the lead's number for it,
-- no disagreement; nor is a field that a person pinned, nor, where host names are unique, one that another device has.
with secondary as materialized (
  delete from compared_objects as object using jamf_sync.object_leads as lead
  where object.object_type = %(object_type)s and lead.object_type = %(object_type)s
    and lead.object_id = object.object_id and lead.integration_id <> %(integration_id)s
  returning object.*, lead.integration_id as lead_id
),
servers as (
  select integration_id, name from moss_contract.jamf_servers()
),
taken_hostnames as materialized (
  select distinct jamf_sync.unescaped(device.hostname) as hostname from moss_contract.devices() as device
  where device.hostname is not null
    and (select is_available from moss_contract.capabilities where name = 'hostname_is_unique')
),
differing as (
  select secondary.object_id, field.key as field, field.value #>> '{}' as jamf_value,
         secondary.moss ->> field.key as moss_value
  from secondary
  cross join lateral jsonb_each(secondary.jamf) as field
  join jamf_sync.field_ownership as ownership
    on ownership.integration_id = %(integration_id)s and ownership.object_type = %(object_type)s
   and ownership.field = field.key
  left join taken_hostnames as taken
    on field.key = 'hostname' and taken.hostname = field.value #>> '{}'
  where field.value <> coalesce(secondary.moss -> field.key, 'null')
    and (ownership.on_update = 'overwrite' or ownership.on_update = 'fill' and ownership.records_conflict)
    and field.key <> 'external_id'
    and taken.hostname is null
    and not exists (
      select from jamf_sync.decisions as decision
      where decision.integration_id = %(integration_id)s and decision.object_type = %(object_type)s
        and decision.object_id = secondary.object_id and decision.field = field.key
        and decision.resolution = 'pin')
),
referred (id) as (
  select value::uuid
  from differing cross join lateral (values (jamf_value), (moss_value)) as side (value)
  where field in ('assigned_to_person_id', 'location_id', 'room_id') and value is not null
),
planned as (
  select distinct on (change.object_id) change.object_id, change.label
  from jamf_sync.change_plan as change
  where change.plan_id = %(plan_id)s and change.object_type in ('person', 'location', 'room')
    and change.object_id in (select id from referred)
  order by change.object_id, change.row_id
),
names as (
  -- People, locations and rooms are named; what the plan is yet to create has a name only there.
  select referred.id::text as value,
         coalesce(
           jamf_sync.unescaped(coalesce(person.full_name, location.name, room.name)),
           planned.label, referred.id::text) as name
  from (select distinct id from referred) as referred
  left join planned on planned.object_id = referred.id
  left join moss_contract.people() as person on person.id = referred.id
  left join moss_contract.locations() as location on location.id = referred.id
  left join moss_contract.rooms() as room on room.id = referred.id
),
shown as (
  select object_id, field, coalesce(jamf_names.name, jamf_value, 'nothing') as jamf_shown,
         coalesce(moss_names.name, moss_value, 'nothing') as moss_shown
  from differing
  left join names as jamf_names on jamf_names.value = jamf_value
  left join names as moss_names on moss_names.value = moss_value
),
per_object as materialized (
  select object_id, string_agg(field || ': ' || jamf_shown, '; ' order by field) as jamf_values,
         string_agg(field || ': ' || moss_shown, '; ' order by field) as moss_values,
         string_agg(format('%%s is %%s and not %%s', field, jamf_shown, moss_shown), '; ' order by field) as differences
  from shown
  group by object_id
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, jamf_value, moss_value, detail)
  select %(plan_id)s, secondary.object_type, secondary.object_id, secondary.external_type, secondary.external_id,
         secondary.label, 'other_server_differs', per_object.jamf_values, per_object.moss_values,
         format('%%s leads this %%s, and its values stand in M.O.S.S.; %%s says otherwise: %%s. Nothing was written. '
                'Correct one of the two JAMF servers, or let %%s take the lead.',
                coalesce(lead.name, 'Another JAMF server'), secondary.object_type, own.name, per_object.differences,
                own.name)
  from secondary
  join per_object on per_object.object_id = secondary.object_id
  join servers as own on own.integration_id = %(integration_id)s
  left join servers as lead on lead.integration_id = secondary.lead_id
),
linked as (
  insert into jamf_sync.change_plan
    (plan_id, object_type, object_id, external_type, external_id, label, action, reason, details)
  select %(plan_id)s, object_type, object_id, external_type, external_id, label, action, reason,
         details || jsonb_build_object('led_by', lead_id)
  from secondary
  where action <> 'update'
)
update jamf_sync.plan_counts as counts
set unchanged = counts.unchanged + (
  select count(*) from secondary
  where action = 'update' and not exists (select from per_object where per_object.object_id = secondary.object_id))
where counts.plan_id = %(plan_id)s and counts.object_type = %(object_type)s
  and exists (select from secondary)
