-- What a plan would do (before it is applied) and did (after), by object type. Parameters: plan_id, since (or null). Grain: one object type.
-- Reads plan_counts and outcome_counts, which hold numbers; the rows themselves are counted where they change (count_outcomes).
-- Every category is counted from its own rows, so that "they add up to what was seen" is a check that can fail.
-- An object counts once: written (created, updated) before held or locked before in conflict before unchanged; a row that was split off another
-- is part of that one's object. A refused row is skipped this time. What was settled before `since` was no deed of the run that asks: it
-- found those objects as they are, unchanged.
with outcomes as (
  select object_type, linked_type, action, rows,
         case when settled_at < %(since)s::timestamptz then 'earlier'
              else coalesce(outcome, 'waiting') end as outcome
  from jamf_sync.outcome_counts
  where plan_id = %(plan_id)s and not is_part
),
done as (
  select object_type, linked_type, action, outcome, rows,
         outcome in ('waiting', 'applied') as is_written
  from outcomes
),
changes as (
  select object_type,
         sum(rows) filter (where action in ('create', 'add') and is_written) as created,
         sum(rows) filter (where action in ('update', 'link', 'move', 'return') and is_written)
           as updated,
         sum(rows) filter (where action in ('remove', 'delete') and is_written) as removed,
         sum(rows) filter (where outcome = 'held') as held,
         sum(rows) filter (where outcome = 'refused') as refused,
         sum(rows) filter (where outcome = 'failed') as failed,
         sum(rows) filter (where outcome = 'locked') as locked,
         sum(rows) filter (where outcome = 'earlier') as earlier,
         sum(rows) filter (where action = 'link' and is_written) as linked,
         sum(rows) filter (where action = 'move' and is_written) as moved,
         sum(rows) filter (where action = 'return' and is_written) as returned
  from done
  where object_type <> 'mapping'
    and action in ('create', 'add', 'update', 'link', 'move', 'return', 'remove', 'delete')
  group by object_type
),
links as (
  select linked_type as object_type,
         sum(rows) filter (where action = 'unenroll' and is_written) as unenrolled,
         sum(rows) filter (where action = 'unenroll' and outcome = 'held') as unenrolments_held,
         sum(rows) filter (where action = 'delete_internal' and is_written) as deleted_internal
  from done
  where object_type = 'mapping'
  group by linked_type
)
select counts.object_type, counts.seen, coalesce(changes.created, 0) as created,
       coalesce(changes.updated, 0) as updated,
       counts.unchanged + coalesce(changes.earlier, 0) as unchanged,
       counts.in_conflict as conflicts, counts.skipped + coalesce(changes.refused, 0) as skipped,
       counts.failed + coalesce(changes.failed, 0) as failed, coalesce(changes.held, 0) as held,
       coalesce(changes.locked, 0) as locked,
       coalesce(changes.removed, 0) as removed, coalesce(changes.linked, 0) as linked,
       coalesce(changes.moved, 0) as moved, coalesce(changes.returned, 0) as returned,
       coalesce(links.unenrolled, 0) as unenrolled,
       coalesce(links.unenrolments_held, 0) as unenrolments_held,
       coalesce(links.deleted_internal, 0) as deleted_internal
from jamf_sync.plan_counts as counts
left join changes using (object_type)
left join links using (object_type)
where counts.plan_id = %(plan_id)s
order by array_position(
  array['location', 'room', 'person', 'device', 'io', 'group', 'group_member'], counts.object_type)
