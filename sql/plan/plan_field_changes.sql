-- Decides every differing field by the ownership table: one row of change_plan per object that changes, one conflict per disagreement.
-- Parameters: integration_id, plan_id, object_type, keep_human_edits. Reads compared_objects, field_ownership, decisions. What is to be
-- created is planned by plan_creations.
-- Three values decide (docs/who-wins.md, "Who wins a field"): base, JAMF now, M.O.S.S. now. A value that no longer equals the base was edited by a
-- person. A fill-only field is written only while it is empty and was never filled: a person who emptied it meant it.
-- One that follows its default is written only while it still is what was written; what merely equals it is M.O.S.S.'s own,
-- and becomes no base.
-- A person's decision comes before that. It counts for the values it was made about: keep_moss of a JAMF-owned field for as long as JAMF
-- says the same, any other but a pin for one pair of values. An edit that JAMF replaced is put back while M.O.S.S. still holds the base.
with decisions as materialized (
  -- One per field: a pin, else the newest of those about these values.
  select distinct on (object.object_id, decision.field) object.object_id, decision.field, decision.resolution,
    field.jamf_value, decision.moss_value as decided_value,
    decision.is_to_be_restored and field.moss_value = field.base_value and field.moss_value <> decision.moss_value as is_restored
  from compared_objects as object
  join jamf_sync.decisions as decision
    on decision.integration_id = %(integration_id)s and decision.object_type = object.object_type
   and decision.object_id = object.object_id and object.jamf ? decision.field
  join jamf_sync.field_ownership as ownership
    on ownership.integration_id = %(integration_id)s and ownership.object_type = object.object_type and ownership.field = decision.field
  cross join lateral (
    select object.jamf -> decision.field as jamf_value, coalesce(object.moss -> decision.field, 'null') as moss_value,
           coalesce(object.base -> decision.field, 'null') as base_value
  ) as field
  where object.object_type = %(object_type)s and object.action <> 'create' and ownership.on_update <> 'never'
    and (decision.resolution = 'pin'
         or decision.jamf_value = field.jamf_value
            and (decision.moss_value = field.moss_value or decision.resolution = 'keep_moss' and ownership.on_update = 'overwrite'))
  order by object.object_id, decision.field, decision.resolution = 'pin' desc, decision.is_to_be_restored desc,
           decision.resolved_at desc, decision.conflict_id desc
),
left_rooms as materialized (
  -- A device that goes to another location by decision leaves its room behind.
  select decision.object_id, object.moss -> 'room_id' as room_id
  from decisions as decision
  join compared_objects as object on object.object_id = decision.object_id and object.object_type = %(object_type)s
  join moss_contract.rooms() as room on room.id = (object.moss ->> 'room_id')::uuid
  where decision.field = 'location_id' and decision.resolution = 'take_jamf' and room.location_id::text <> decision.jamf_value #>> '{}'
),
fields as (
  select object.object_id, field.key as field, field.value as jamf_value, coalesce(object.moss -> field.key, 'null') as moss_value,
         coalesce(object.base -> field.key, 'null') as base_value, object.base <> '{}' as has_base,
         ownership.on_update, ownership.records_conflict,
         decision.resolution, decision.decided_value, coalesce(decision.is_restored, false) as is_restored
  from compared_objects as object
  cross join lateral jsonb_each(object.jamf) as field
  join jamf_sync.field_ownership as ownership
    on ownership.integration_id = %(integration_id)s and ownership.object_type = object.object_type and ownership.field = field.key
  left join decisions as decision on decision.object_id = object.object_id and decision.field = field.key
  left join left_rooms as left_room on left_room.object_id = object.object_id and field.key = 'room_id'
  where object.object_type = %(object_type)s and object.action <> 'create' and ownership.on_update <> 'never'
    and (field.value <> coalesce(object.moss -> field.key, 'null')
         or field.value <> coalesce(object.base -> field.key, 'null') or decision.is_restored)
    and left_room.object_id is null
),
decided as materialized (
  select object_id, field, jamf_value, moss_value, base_value, records_conflict,
    case when is_restored then decided_value else jamf_value end as value,
    case when is_restored and resolution = 'pin' then 'pinned'
         when is_restored then 'decided_keep_moss'
         when on_update = 'follow' then case
           when resolution is null and jamf_value <> moss_value and moss_value = base_value
             and base_value <> 'null' then 'default_followed' else 'nothing' end
         when jamf_value = moss_value then 'agree'
         when resolution in ('pin', 'keep_moss') then 'nothing'
         when resolution = 'take_jamf' then 'decided_take_jamf'
         when on_update = 'overwrite' and has_base and moss_value <> base_value
           then case when %(keep_human_edits)s then 'human_edit_kept' else 'human_edit_overwritten' end
         when on_update = 'overwrite' then 'jamf_wins'
         when on_update = 'fill' and moss_value = 'null' and base_value = 'null' then 'fill_empty'
         when on_update = 'fill' and records_conflict then 'owned_field_differs'
         else 'nothing' end as rule
  from fields
  union all
  select object_id, 'room_id', 'null', room_id, 'null', false, 'null', 'decided_take_jamf' from left_rooms
),
per_object as (
  select object_id,
    coalesce(jsonb_object_agg(field, moss_value) filter (
      where rule not in ('agree', 'nothing', 'human_edit_kept', 'owned_field_differs')), '{}') as before,
    coalesce(jsonb_object_agg(field, value) filter (
      where rule not in ('agree', 'nothing', 'human_edit_kept', 'owned_field_differs')), '{}') as after,
    coalesce(jsonb_object_agg(field, rule) filter (
      where rule not in ('agree', 'nothing', 'human_edit_kept', 'owned_field_differs')), '{}') as rules,
    coalesce(jsonb_object_agg(field, jamf_value) filter (where rule = 'agree'), '{}') as agreed
  from decided
  group by object_id
),
freed_names as materialized (
  select before ->> 'hostname' as hostname from per_object where before ->> 'hostname' is not null
),
wanted_names as materialized (
  select after ->> 'hostname' as hostname from per_object where after ->> 'hostname' is not null
  union all
  select jamf ->> 'hostname' from compared_objects
  where object_type = %(object_type)s and action = 'create' and jamf ->> 'hostname' is not null
    and exists (select from freed_names)
),
tangled as (
  -- Devices that take host names from each other, or free them for new ones.
  select change.object_id from per_object as change join freed_names on freed_names.hostname = change.after ->> 'hostname'
  union
  select change.object_id from per_object as change join wanted_names on wanted_names.hostname = change.before ->> 'hostname'
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, moss_value, base_value, detail)
  select %(plan_id)s, object.object_type, object.object_id, object.external_type, object.external_id, object.label, decided.rule,
         decided.field, decided.jamf_value #>> '{}', decided.moss_value #>> '{}', decided.base_value #>> '{}',
    case decided.rule
      when 'owned_field_differs' then 'M.O.S.S. owns this field and JAMF says otherwise; M.O.S.S.''s value stays.'
      when 'human_edit_kept' then 'A person changed this JAMF-owned field in M.O.S.S. since the last sync; the edit stays (policy on_human_edit: keep).'
      else 'A person changed this JAMF-owned field in M.O.S.S. since the last sync; JAMF''s value was restored, the edit is kept in the change log.' end
  from decided join compared_objects as object on object.object_id = decided.object_id and object.object_type = %(object_type)s
  where decided.rule = 'owned_field_differs' or decided.rule in ('human_edit_kept', 'human_edit_overwritten') and decided.records_conflict
),
planned as (
  insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason,
                                     before, after, rules, agreed, details)
  select %(plan_id)s, object.object_type, object.object_id, object.external_type, object.external_id, object.label,
    case when object.action = 'update' and coalesce(change.after, '{}') = '{}' then 'agree' else object.action end,
    case when object.action = 'update' and coalesce(change.after, '{}') = '{}' then 'values_agree' else object.reason end,
    coalesce(change.before, '{}'), coalesce(change.after, '{}'), coalesce(change.rules, '{}'), coalesce(change.agreed, '{}'), object.details
  from compared_objects as object
  left join per_object as change using (object_id)
  left join tangled using (object_id)
  where object.object_type = %(object_type)s and object.action <> 'create'
    and (object.action <> 'update' or change.after <> '{}' or change.agreed <> '{}')
  -- They stand together, to be applied together (apply/spans).
  order by tangled.object_id is null
  returning object_id, action
)
-- What differs only where no rule writes is unchanged, unless it is in conflict.
update jamf_sync.plan_counts as counts
set unchanged = counts.unchanged + (
  select count(*) from compared_objects as object
  left join planned on planned.object_id = object.object_id
  where object.object_type = %(object_type)s and object.action = 'update'
    and (planned.object_id is null or planned.action = 'agree')
    and not exists (
      select from decided where decided.object_id = object.object_id
        and (decided.rule = 'owned_field_differs' or decided.rule = 'human_edit_kept' and decided.records_conflict))
    and not exists (
      select from jamf_sync.plan_conflicts as conflict
      where conflict.plan_id = %(plan_id)s and conflict.object_type = %(object_type)s and conflict.object_id = object.object_id))
where counts.plan_id = %(plan_id)s and counts.object_type = %(object_type)s
