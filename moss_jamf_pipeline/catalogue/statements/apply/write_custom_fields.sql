-- Writes the planned custom field values of new and changed objects.
-- Parameters: plan_id, object_type, first_row, last_row, fields (text[]).
-- Object by object (`offset 0` keeps it so), which is one place of the table's index for each, not seven.
insert into {{ custom_field_values }} as stored (object_type, object_id, field_name, value)
select planned.object_type, planned.object_id, field.name, planned.after ->> field.name
from jamf_sync.change_plan as planned
cross join lateral (
  select name from unnest(%(fields)s::text[]) as name where planned.after ? name offset 0
) as field
where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s
  and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
on conflict (object_type, object_id, field_name) do update set value = excluded.value
where stored.value is distinct from excluded.value
