-- Plans to undo what an earlier plan applied: the rows of a plan of the kind revert. Parameters: integration_id, plan_id (the revert),
-- undone_plan_id, only_type (or null), only_object (or null: an object, with the interfaces and memberships that go with it).
-- A field goes back only where M.O.S.S. still holds exactly what was written; what it does not is a row that is refused from the start and
-- says so. A link goes back where it is still as it was left, unless another is in its way (revert/refuse_links_in_the_way). An object that was created is to be deleted; whether that may be
-- is proved when it is done (moss_contract.delete_created). Documents that links keep are no data of M.O.S.S. and stay.
with undone as materialized (
  select change.*, case change.object_type when 'mapping' then change.label else change.object_type end as subject_type,
    case when change.object_type in ('person', 'device', 'io', 'group') and change.action <> 'create' and change.after <> '{}'
           or change.action = 'unenroll' then (
      select value.values from moss_contract.object_values() as value
      where value.object_type = case change.object_type when 'mapping' then change.label else change.object_type end
        and value.id = change.object_id) end as moss
  from jamf_sync.change_plan as change
  where change.plan_id = %(undone_plan_id)s and change.outcome = 'applied'
    and (%(only_type)s::text is null
         or %(only_type)s = case change.object_type when 'mapping' then change.label else change.object_type end
         or %(only_type)s = 'device' and change.object_type = 'io' and change.action = 'create' and exists (
           select from jamf_sync.change_plan as device
           where device.plan_id = %(undone_plan_id)s and device.object_type = 'device' and device.action = 'create'
             and device.object_id::text = change.details ->> 'device_id'))
    and (%(only_object)s::uuid is null or change.object_id = %(only_object)s
         or change.object_type = 'io' and change.details ->> 'device_id' = %(only_object)s::text
         or change.object_type = 'group_member' and change.external_id = %(only_object)s::text)
),
written as materialized (
  -- Every field that was written over something, what it held before and what it holds now.
  select undone.row_id, undone.moss is null as is_gone, field.key as field, coalesce(undone.before -> field.key, 'null') as original,
         field.value as written, coalesce(undone.moss -> field.key, 'null') as present
  from undone cross join lateral jsonb_each(undone.after) as field
  where undone.object_type in ('person', 'device', 'io', 'group') and undone.action not in ('create', 'delete', 'agree')
    and not exists (
      -- It goes as a whole.
      select from undone as created
      where created.action = 'create' and created.object_type = undone.object_type and created.object_id = undone.object_id)
  union all
  select row_id, moss is null, 'jamf_enrollment_status', '"enrolled"', '"unenrolled"', coalesce(moss -> 'jamf_enrollment_status', 'null')
  from undone where action = 'unenroll' and label = 'device'
),
per_object as (
  -- The guard may have split an object's changes into several rows.
  select min(row_id) as row_id, bool_or(is_gone) as is_gone,
    coalesce(jsonb_object_agg(field, present) filter (where present = written and original <> written), '{}') as before,
    coalesce(jsonb_object_agg(field, original) filter (where present = written and original <> written), '{}') as after,
    coalesce(jsonb_object_agg(field, 'reverted') filter (where present = written and original <> written), '{}') as rules,
    jsonb_object_agg(field, jsonb_build_object('written', written, 'present', present))
      filter (where present not in (written, original)) as moved
  from written join undone using (row_id) group by undone.subject_type, undone.object_id
),
links as (
  -- A device that was left behind has its link under an id that JAMF never gives (apply/repoint_mappings).
  select undone.*, mapping.id as mapping_id, mapping.sync_status,
    coalesce(mapping.external_id, undone.external_id) as linked_external_id,
    case when undone.action = 'link' then 'unlink' else 'relink' end as undoing,
    case undone.action
      when 'move' then jsonb_build_object(
        'external_type', coalesce(undone.details ->> 'previous_external_type', undone.external_type),
        'external_id', undone.details ->> 'previous_external_id')
      when 'return' then '{"sync_status": "deleted_external"}'
      when 'link' then '{}'
      when 'unenroll' then jsonb_strip_nulls(jsonb_build_object(
        'sync_status', undone.before ->> 'sync_status',
        'external_id', case when mapping.external_id <> undone.external_id then undone.external_id end))
      else jsonb_build_object('sync_status', undone.before ->> 'sync_status') end as link_after,
    case
      when mapping.id is null then 'The link is not as it was left: it is gone, or leads elsewhere.'
      when undone.action = 'unenroll' and mapping.sync_status <> 'deleted_external'
        or undone.action = 'delete_internal' and mapping.sync_status <> 'deleted_internal'
        or undone.action = 'return' and mapping.sync_status not in ('synced', 'conflict')
        then 'The link is not as it was left: its status is ' || coalesce(mapping.sync_status, 'empty') || '.'
      end as obstacle
  from undone
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = undone.subject_type
   and mapping.internal_id = undone.object_id and mapping.external_type = undone.external_type
   and (mapping.external_id = undone.external_id
     or undone.action = 'unenroll'
       and mapping.external_id = left(undone.external_id, 200) || ' (former link ' || mapping.id || ')')
  where undone.action in ('link', 'move', 'return', 'unenroll', 'delete_internal') and undone.subject_type <> 'group_member'
),
planned (object_type, object_id, external_type, external_id, label, action, before, after, rules, details, outcome, outcome_detail) as (
  select undone.subject_type, undone.object_id, undone.external_type, undone.external_id,
         case undone.object_type when 'mapping' then coalesce(undone.moss ->> 'hostname', undone.external_id) else undone.label end, 'update',
         change.before, change.after, change.rules,
         jsonb_strip_nulls(jsonb_build_object('undoes', undone.row_id, 'moved', change.moved)),
         case when change.after = '{}' then 'refused' end,
         case when change.is_gone then 'It no longer exists in M.O.S.S.'
              when change.moved is not null then (
                select 'Not undone, because M.O.S.S. holds something else by now: ' || string_agg(field, ', ' order by field)
                from jsonb_object_keys(change.moved) as field) end
  from per_object as change join undone using (row_id)
  where change.after <> '{}' or change.moved is not null
  union all
  select 'mapping', object_id, external_type, external_id, subject_type, undoing,
         case undoing when 'relink' then jsonb_build_object('external_id', linked_external_id, 'sync_status', sync_status) else '{}' end,
         link_after, '{}',
         jsonb_strip_nulls(jsonb_build_object(
           'undoes', row_id, 'mapping_id', mapping_id, 'name', case object_type when 'mapping' then null else label end)),
         case when obstacle is not null then 'refused' end, obstacle
  from links
  union all
  select object_type, object_id, external_type, external_id, label, case action when 'add' then 'remove' else 'add' end,
         '{}', after, '{}', jsonb_build_object('undoes', row_id),
         case when action = 'add' and not is_ours then 'refused' end,
         case when action = 'add' and not is_ours then 'The member is not one that the sync added, or not a member any more.' end
  from (
    select undone.*, exists (
      select from jamf_sync.group_member_additions as addition
      where addition.integration_id = %(integration_id)s and addition.group_id = undone.object_id
        and addition.member_type = undone.external_type and addition.member_id::text = undone.external_id) as is_ours
    from undone where object_type = 'group_member' and action in ('add', 'remove')
  ) as memberships
  union all
  select object_type, object_id, external_type, external_id, label, 'delete', '{}', '{}', '{}',
         jsonb_build_object('undoes', row_id), null, null
  from undone where action = 'create'
),
inserted as (
  insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason,
                                     before, after, rules, details, outcome, outcome_detail)
  select %(plan_id)s, object_type, object_id, external_type, external_id, label, action, 'reverted',
         before, after, rules, details, outcome, outcome_detail
  from planned
  order by object_type, label, external_id
  returning object_type
)
insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
select %(plan_id)s, object_type, count(*), 0, 0, 0 from inserted where object_type <> 'mapping' group by object_type
