-- Writes the planned custom field values of new and changed objects.
-- Parameters: plan_id, object_type, first_row, last_row, fields (text[]).
insert into jamf_sync.custom_field_values as stored (object_type, object_id, field_name, value)
select planned.object_type, planned.object_id, field.name, planned.after ->> field.name
from jamf_sync.change_plan as planned
cross join unnest(%(fields)s::text[]) as field (name)
where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s
  and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ? field.name
on conflict (object_type, object_id, field_name) do update set value = excluded.value
where stored.value is distinct from excluded.value
