-- Notes the fields of one object type that JAMF has otherwise, that the plan leaves as they are, and that are no conflict.
-- Parameters: integration_id, plan_id, object_type. Reads compared_objects, change_plan, plan_conflicts, decisions.
-- Read off the plan instead of being decided again, so that the list cannot differ from what happens: all that differs is compared, and
-- what is not in `after` is not written.
insert into jamf_sync.plan_rejections
  (plan_id, object_type, object_id, external_type, external_id, label, field, jamf_value, moss_value, rule, detail)
select %(plan_id)s, object.object_type, object.object_id, object.external_type, object.external_id, object.label, field.key,
  field.value #>> '{}', object.moss ->> field.key,
  case when decision.resolution = 'pin' then 'pinned' when decision.resolution = 'keep_moss' then 'decided_keep_moss'
       when ownership.on_update = 'fill' then 'only_filled' when ownership.on_update = 'never' then 'not_updated' else 'edit_kept' end,
  case when decision.resolution = 'pin' then 'A person pinned M.O.S.S.''s value.'
       when decision.resolution = 'keep_moss' then 'A person decided to keep M.O.S.S.''s value.'
       when ownership.on_update = 'fill' then 'M.O.S.S. owns this field; JAMF only fills it while it is empty.'
       when ownership.on_update = 'never' then 'This field is written when the object is created, and never again.'
       else 'A person changed this field in M.O.S.S.; the edit stays (policy on_human_edit: keep).' end
from compared_objects as object
cross join lateral jsonb_each(object.jamf) as field
join jamf_sync.field_ownership as ownership
  on ownership.integration_id = %(integration_id)s and ownership.object_type = object.object_type and ownership.field = field.key
left join jamf_sync.change_plan as change
  on change.plan_id = %(plan_id)s and change.object_type = object.object_type and change.object_id = object.object_id
left join lateral (
  select decided.resolution from jamf_sync.decisions as decided
  where decided.integration_id = %(integration_id)s and decided.object_type = object.object_type
    and decided.object_id = object.object_id and decided.field = field.key and decided.resolution in ('pin', 'keep_moss')
  order by decided.resolution = 'pin' desc limit 1
) as decision on true
where object.object_type = %(object_type)s and object.action <> 'create'
  and field.value <> coalesce(object.moss -> field.key, 'null') and not coalesce(change.after ? field.key, false)
  and not exists (
    select from jamf_sync.plan_conflicts as conflict
    where conflict.plan_id = %(plan_id)s and conflict.object_type = object.object_type and conflict.object_id = object.object_id
      and conflict.field = field.key)
