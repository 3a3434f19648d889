-- Counts anew what the rows of a plan come to, wherever they have changed. Parameters: plan_id, object_types (text[]).
-- Reads change_plan, writes outcome_counts, which plan_summary, pending_rows and
-- waiting_object_types read. Grain: rows of one type, action and outcome that were settled at once.
-- A held row of which a part was approved and written counts as applied. Indexes: change_plan_rows, change_plan_parts.
with removed as (
  delete from jamf_sync.outcome_counts
  where plan_id = %(plan_id)s and object_type = any (%(object_types)s)
),
settled_parts as materialized (
  select distinct split_from from jamf_sync.change_plan
  where plan_id = %(plan_id)s and split_from is not null and outcome = 'applied'
)
insert into jamf_sync.outcome_counts
  (plan_id, object_type, linked_type, action, outcome, settled_at, is_part, rows, first_row, last_row)
select %(plan_id)s, change.object_type,
       case change.object_type when 'mapping' then change.label end, change.action,
       case when change.outcome = 'held' and part.split_from is not null then 'applied'
            else change.outcome end,
       change.applied_at, change.split_from is not null, count(*),
       min(change.row_id), max(change.row_id)
from jamf_sync.change_plan as change
left join settled_parts as part on part.split_from = change.row_id
where change.plan_id = %(plan_id)s and change.object_type = any (%(object_types)s)
group by 2, 3, 4, 5, 6, 7
