-- Refuses the planned changes of objects that M.O.S.S. has moved away from: the value planned against is not there any more.
-- Parameters: plan_id, object_type, first_row, last_row. Run after the objects are locked, in the same transaction.
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = case
  when value.id is null then 'It no longer exists in M.O.S.S.'
  else 'M.O.S.S. changed since the plan was made; it is planned anew next time.' end
from jamf_sync.change_plan as planned
left join moss_contract.object_values as value
  on value.object_type = %(object_type)s and value.id = planned.object_id
where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s and planned.action <> 'create' and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and (value.id is null or not value.values @> planned.before)
  and change.row_id = planned.row_id
