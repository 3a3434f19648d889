-- Writes the planned custom field values of new and changed objects.
-- Parameters: plan_id, object_type, first_row, last_row, fields (text[]).
-- Object by object (`offset 0` keeps it so), which is one place of the table's index for each, not seven.
with asked as materialized (
  select planned.object_id, field.name, planned.after ->> field.name as value
  from jamf_sync.change_plan as planned
  cross join lateral (
    select name from unnest(%(fields)s::text[]) as name where planned.after ? name offset 0
  ) as field
  where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s
    and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
),
written as (
  insert into public.custom_field_values as stored (object_type, object_id, field_name, value)
  select %(object_type)s, object_id, name, value from asked
  on conflict (object_type, object_id, field_name) do update set value = excluded.value
  where stored.value is distinct from excluded.value
  returning true
)
select moss_contract.require_written('public.custom_field_values', counted.missing - (
    -- Values that are there already are looked for only where some were not written.
    select count(*) from asked
    join public.custom_field_values as held
      on held.object_type = %(object_type)s and held.object_id = asked.object_id
     and held.field_name = asked.name and held.value is not distinct from asked.value
    where counted.missing > 0))
from (select (select count(*) from asked) - (select count(*) from written) as missing) as counted
