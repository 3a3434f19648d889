-- What a plan would do (before it is applied) and did (after), by object type. Parameters: plan_id, since (or null). Grain: one object type.
-- Every category is counted from its own rows, so that "they add up to what was seen" is a check that can fail.
-- An object counts once: written (created, updated) before held before in conflict before unchanged; a row that was split off another
-- (split_from) is part of that one's object. A refused row is skipped this time. What was settled before `since` was no deed of the run
-- that asks: it found those objects as they are, unchanged.
with settled_parts as materialized (
  -- Parts that were approved and written, while the row they come from is held still.
  select distinct split_from from jamf_sync.change_plan
  where plan_id = %(plan_id)s and split_from is not null and outcome = 'applied'
),
rows as (
  select change.object_type, change.action, change.label,
    case when change.applied_at < %(since)s::timestamptz then 'earlier'
         when change.outcome = 'held' and part.split_from is not null then 'applied'
         else coalesce(change.outcome, 'waiting') end as outcome
  from jamf_sync.change_plan as change
  left join settled_parts as part on part.split_from = change.row_id
  where change.plan_id = %(plan_id)s and change.split_from is null
),
changes as (
  select object_type,
         count(*) filter (where action in ('create', 'add') and outcome in ('waiting', 'applied')) as created,
         count(*) filter (where action in ('update', 'link', 'move', 'return') and outcome in ('waiting', 'applied')) as updated,
         count(*) filter (where action in ('remove', 'delete') and outcome in ('waiting', 'applied')) as removed,
         count(*) filter (where outcome = 'held') as held,
         count(*) filter (where outcome = 'refused') as refused,
         count(*) filter (where outcome = 'failed') as failed,
         count(*) filter (where outcome = 'earlier') as earlier,
         count(*) filter (where action = 'link' and outcome in ('waiting', 'applied')) as linked,
         count(*) filter (where action = 'move' and outcome in ('waiting', 'applied')) as moved,
         count(*) filter (where action = 'return' and outcome in ('waiting', 'applied')) as returned
  from rows
  where object_type <> 'mapping' and action in ('create', 'add', 'update', 'link', 'move', 'return', 'remove', 'delete')
  group by object_type
),
links as (
  select label as object_type,
         count(*) filter (where action = 'unenroll' and outcome in ('waiting', 'applied')) as unenrolled,
         count(*) filter (where action = 'unenroll' and outcome = 'held') as unenrolments_held,
         count(*) filter (where action = 'delete_internal' and outcome in ('waiting', 'applied')) as deleted_internal
  from rows
  where object_type = 'mapping'
  group by label
),
in_conflict as (
  select conflict.object_type, count(distinct coalesce(conflict.object_id::text, conflict.external_type || '/' || conflict.external_id)) as objects
  from jamf_sync.plan_conflicts as conflict
  where conflict.plan_id = %(plan_id)s and conflict.kind not in ('twin_record', 'group_grants_rights')
    and not exists (
      select from jamf_sync.change_plan as change
      where change.plan_id = %(plan_id)s and change.object_type = conflict.object_type and change.object_id = conflict.object_id
        and change.action in ('create', 'update', 'link', 'move', 'return'))
  group by conflict.object_type
)
select counts.object_type, counts.seen, coalesce(changes.created, 0) as created, coalesce(changes.updated, 0) as updated,
       counts.unchanged + coalesce(changes.earlier, 0) as unchanged, coalesce(in_conflict.objects, 0) as conflicts,
       counts.skipped + coalesce(changes.refused, 0) as skipped, counts.failed + coalesce(changes.failed, 0) as failed,
       coalesce(changes.held, 0) as held, coalesce(changes.removed, 0) as removed, coalesce(changes.linked, 0) as linked,
       coalesce(changes.moved, 0) as moved, coalesce(changes.returned, 0) as returned, coalesce(links.unenrolled, 0) as unenrolled,
       coalesce(links.unenrolments_held, 0) as unenrolments_held, coalesce(links.deleted_internal, 0) as deleted_internal
from jamf_sync.plan_counts as counts
left join changes using (object_type)
left join links using (object_type)
left join in_conflict using (object_type)
where counts.plan_id = %(plan_id)s
order by array_position(array['location', 'room', 'person', 'device', 'io', 'group', 'group_member'], counts.object_type)
