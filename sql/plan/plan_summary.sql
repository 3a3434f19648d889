-- What a plan would do (before it is applied) and did (after), by object type. Parameters: plan_id. Grain: one object type.
-- Every category is counted from its own rows, so that "they add up to what was seen" is a check that can fail.
-- An object counts once: written (created, updated) before in conflict before unchanged. A refused row is skipped this time.
with changes as (
  select object_type,
         count(*) filter (where action in ('create', 'add') and outcome is distinct from 'refused' and outcome is distinct from 'failed') as created,
         count(*) filter (where action in ('update', 'link', 'move', 'return')
                            and outcome is distinct from 'refused' and outcome is distinct from 'failed') as updated,
         count(*) filter (where action = 'remove' and outcome is distinct from 'refused' and outcome is distinct from 'failed') as removed,
         count(*) filter (where action in ('create', 'add', 'update', 'link', 'move', 'return', 'remove') and outcome = 'refused') as refused,
         count(*) filter (where action in ('create', 'add', 'update', 'link', 'move', 'return', 'remove') and outcome = 'failed') as failed,
         count(*) filter (where action = 'link') as linked,
         count(*) filter (where action = 'move') as moved,
         count(*) filter (where action = 'return') as returned
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type <> 'mapping'
  group by object_type
),
links as (
  select label as object_type,
         count(*) filter (where action = 'unenroll') as unenrolled,
         count(*) filter (where action = 'delete_internal') as deleted_internal
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'mapping'
  group by label
),
in_conflict as (
  select conflict.object_type, count(distinct coalesce(conflict.object_id::text, conflict.external_type || '/' || conflict.external_id)) as objects
  from jamf_sync.plan_conflicts as conflict
  where conflict.plan_id = %(plan_id)s and conflict.kind <> 'twin_record'
    and not exists (
      select from jamf_sync.change_plan as change
      where change.plan_id = %(plan_id)s and change.object_type = conflict.object_type and change.object_id = conflict.object_id
        and change.action in ('create', 'update', 'link', 'move', 'return'))
  group by conflict.object_type
)
select counts.object_type, counts.seen, coalesce(changes.created, 0) as created, coalesce(changes.updated, 0) as updated,
       counts.unchanged, coalesce(in_conflict.objects, 0) as conflicts,
       counts.skipped + coalesce(changes.refused, 0) as skipped, counts.failed + coalesce(changes.failed, 0) as failed,
       coalesce(changes.removed, 0) as removed, coalesce(changes.linked, 0) as linked, coalesce(changes.moved, 0) as moved,
       coalesce(changes.returned, 0) as returned, coalesce(links.unenrolled, 0) as unenrolled,
       coalesce(links.deleted_internal, 0) as deleted_internal
from jamf_sync.plan_counts as counts
left join changes using (object_type)
left join links using (object_type)
left join in_conflict using (object_type)
where counts.plan_id = %(plan_id)s
order by array_position(array['location', 'room', 'person', 'device', 'io', 'group', 'group_member'], counts.object_type)
