-- Refuses the planned changes of objects that M.O.S.S. has moved away from: the value planned against is not there any more.
-- Parameters: plan_id, object_type, first_row, last_row. Run after the objects are locked, in the same transaction.
-- One look-up by id per planned row, as a subquery: as a join, the values of the whole fleet would be computed. A field that M.O.S.S. has
-- no value of may be missing from its values (custom fields of extension attributes): that is null.
with pending as materialized (
  select row_id, before, (
    select value.values from moss_contract.object_values() as value
    where value.object_type = %(object_type)s and value.id = planned.object_id
  ) as current_values
  from jamf_sync.change_plan as planned
  where plan_id = %(plan_id)s and object_type = %(object_type)s and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = case
  when pending.current_values is null then 'It no longer exists in M.O.S.S.'
  else 'M.O.S.S. changed since the plan was made; it is planned anew next time.' end
from pending
where change.row_id = pending.row_id
  and change.row_id between %(first_row)s and %(last_row)s
  and (pending.current_values is null or not pending.current_values @> pending.before and exists (
    select from jsonb_each(pending.before) as field
    where field.value <> coalesce(pending.current_values -> field.key, 'null')))
