-- Holds single fields of devices: the host name (rename), the person (reassign) and the extension attributes that would lose their value
-- (vanish), if their kind is over its limit, and the person
-- where that person's own creation is held (create). Parameters: plan_id, guarded_kinds (text[], those over their limit).
-- A row of which other fields go on is split: what is held becomes a row of its own, marked with the row it was taken out of. A row that
-- is held in full stays one. A field held for two reasons counts as reassigned: nobody gives it free by accident.
with held_people as materialized (
  select object_id::text as person_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'person' and outcome = 'held'
  group by object_id
),
fields as materialized (
  select change.row_id, held.field, held.kind
  from jamf_sync.change_plan as change
  left join held_people as held_person on held_person.person_id = change.after ->> 'assigned_to_person_id'
  cross join lateral (
    select 'hostname' as field, 'rename' as kind
    where 'rename' = any (%(guarded_kinds)s) and change.action <> 'create' and change.before ->> 'hostname' is not null
      and change.after ? 'hostname'
    union all
    select 'assigned_to_person_id', case
      when 'reassign' = any (%(guarded_kinds)s) and change.action <> 'create' and change.before ->> 'assigned_to_person_id' is not null
        then 'reassign'
      when held_person.person_id is not null then 'create' end
    where change.after ? 'assigned_to_person_id'
    union all
    select field.key, 'vanish'
    from jsonb_each(change.after) as field
    where 'vanish' = any (%(guarded_kinds)s) and change.action <> 'create' and field.value = 'null'
      and change.before ->> field.key is not null
      and exists (
        select from jamf_sync.extension_attributes as attribute where attribute.field_name = field.key)
  ) as held
  where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.outcome is null and held.kind is not null
),
held as materialized (
  select row_id, kind, array_agg(field) as fields, row_number() over (partition by row_id order by kind) as place
  from fields group by row_id, kind
),
originals as materialized (
  select change.*, own.fields,
    -- Nothing else is left of an update: the row itself carries the first of the kinds.
    change.action = 'update' and change.after - own.fields = '{}' as is_held
  from jamf_sync.change_plan as change
  join (select row_id, array_agg(field) as fields from fields group by row_id) as own on own.row_id = change.row_id
),
split as (
  insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason,
                                     before, after, rules, outcome, held_as, split_from)
  select original.plan_id, original.object_type, original.object_id, original.external_type, original.external_id, original.label, 'update',
         original.reason, part.before, part.after, part.rules, 'held', held.kind, original.row_id
  from held
  join originals as original on original.row_id = held.row_id
  cross join lateral (
    select jsonb_object_agg(field, coalesce(original.before -> field, 'null')) as before,
           jsonb_object_agg(field, original.after -> field) as after,
           jsonb_object_agg(field, jamf_sync.rule_of(original.rules, field)) as rules
    from unnest(held.fields) as field
  ) as part
  where not (original.is_held and held.place = 1)
)
update jamf_sync.change_plan as change
set before = change.before - removed.fields, after = change.after - removed.fields, rules = change.rules - removed.fields,
    outcome = case when original.is_held then 'held' end, held_as = case when original.is_held then first.kind end
from originals as original
join held as first on first.row_id = original.row_id and first.place = 1
cross join lateral (
  select coalesce(array_agg(field), '{}') as fields from unnest(original.fields) as field
  where not (original.is_held and field = any (first.fields))
) as removed
where change.row_id = original.row_id
