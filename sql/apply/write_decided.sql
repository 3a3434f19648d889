-- Writes JAMF's values into M.O.S.S.-owned fields where a person decided so, and nothing else. Parameters: plan_id, object_type, first_row, last_row.
-- Through the contract's definer function, which looks for the decision. What it does not write (the decision was taken back, the room
-- is in another location by now) is left out of the row. A room that a change of location empties goes with the location.
with written as materialized (
  select waiting.row_id, waiting.field,
         moss_contract.write_decided(waiting.object_type, waiting.object_id, waiting.field, waiting.value) as is_written
  from (
    select planned.row_id, planned.object_type, planned.object_id, rule.key as field, planned.after ->> rule.key as value
    from jamf_sync.change_plan as planned
    cross join lateral jsonb_each_text(planned.rules) as rule
    where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s and planned.outcome is null
      -- Nobody decides about what is not there yet.
      and planned.action <> 'create' and planned.row_id between %(first_row)s and %(last_row)s
      and rule.value = 'decided_take_jamf'
      and rule.key in ('asset_tag', 'location_id', 'room_id', 'username', 'full_name', 'department')
      and planned.after ->> rule.key is not null
    order by planned.row_id, rule.key
  ) as waiting
),
left_out as (
  select row_id, array_agg(field) || case when 'location_id' = any (array_agg(field)) then array['room_id'] else '{}' end as fields
  from written where not is_written group by row_id
)
update jamf_sync.change_plan as change
set before = change.before - left_out.fields, after = change.after - left_out.fields, rules = change.rules - left_out.fields,
    details = change.details || jsonb_build_object('left_out', left_out.fields),
    outcome = case when change.action = 'update' and change.after - left_out.fields = '{}' then 'refused' end,
    outcome_detail = 'Left out, because the decision was taken back or M.O.S.S. changed since: ' || array_to_string(left_out.fields, ', ')
from left_out
where change.row_id = left_out.row_id
  and change.row_id between %(first_row)s and %(last_row)s
