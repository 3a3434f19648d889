-- The spans in which the waiting rows of one type are applied, in order, each in a transaction of its own, so that no object of M.O.S.S.
-- stays locked for long. Parameters: plan_id, object_type, row_limit (of a span). Reads change_plan, outcome_counts.
-- First the devices that take host names from each other or free them for new ones: they stand first in the plan
-- (plan_field_changes), and only together can they change names. Then what else changes, then what is created, which nobody waits
-- for. Every waiting row is in one of the spans: they are cut where another begins, and rows that settled meanwhile do no harm.
with changing as materialized (
  select row_id, before ->> 'hostname' as freed, after ->> 'hostname' as wanted
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null and action <> 'create'
),
created as materialized (
  select min(first_row) as first_row, max(last_row) as last_row from jamf_sync.outcome_counts
  where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null and action = 'create'
),
wanted as (
  select wanted as hostname from changing
  union all
  select change.after ->> 'hostname' from jamf_sync.change_plan as change, created
  where %(object_type)s = 'device' and exists (select from changing where freed is not null)
    and change.plan_id = %(plan_id)s and change.object_type = %(object_type)s and change.outcome is null
    and change.action = 'create' and change.row_id between created.first_row and created.last_row
),
tangled as materialized (
  select max(row_id) as last_row from (
    select changing.row_id from changing join wanted on wanted.hostname = changing.freed
    union all
    select changing.row_id from changing join changing as holder on holder.freed = changing.wanted
  ) as either
),
numbered as (
  select changing.row_id,
         case when changing.row_id <= tangled.last_row then 0
              else 1 + (row_number() over (order by changing.row_id <= tangled.last_row, changing.row_id) - 1) / %(row_limit)s
         end as number
  from changing cross join tangled
)
select first_row, last_row, is_tangled from (
  select min(row_id) as first_row, max(row_id) as last_row, number = 0 as is_tangled, false as is_created, number
  from numbered group by number
  union all
  select first_row, last_row, true, true, 0 from created where first_row is not null
) as span
order by is_created, number
