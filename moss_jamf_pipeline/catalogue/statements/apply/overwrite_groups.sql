-- Writes the planned JAMF-owned fields of groups; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
with asked as materialized (
  select object_id, after from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'group' and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
    and after ?| array[
      {{ overwritten fields of group }}
    ]
),
written as (
  update {{ groups }} as stored
  set {{ overwritten columns of group }}
  from asked as planned
  where (select moss_contract.open_public()) and stored.{{ groups.id }} = planned.object_id
  returning true
)
select moss_contract.require_written(
  '{{ groups }}', (select count(*) from asked) - (select count(*) from written))
