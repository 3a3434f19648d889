-- Writes the planned JAMF-owned fields of people; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
with asked as materialized (
  select object_id, after from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'person' and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
    and after ?| array[
      {{ overwritten fields of person }}
    ]
),
written as (
  update {{ people }} as stored
  set {{ overwritten columns of person }}
  from asked as planned
  where (select moss_contract.open_public()) and stored.{{ people.id }} = planned.object_id
  returning true
)
select moss_contract.require_written(
  '{{ people }}', (select count(*) from asked) - (select count(*) from written))
