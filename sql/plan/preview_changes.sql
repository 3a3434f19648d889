-- The first changes of a plan, field by field, for people to read. Parameters: plan_id, object_type, row_limit.
select label, action, field, before, after, rule, outcome
from jamf_sync.change_plan_fields
where plan_id = %(plan_id)s and object_type = %(object_type)s
  and row_id in (
    select row_id from jamf_sync.change_plan
    where plan_id = %(plan_id)s and object_type = %(object_type)s and action <> 'agree'
    order by row_id limit %(row_limit)s)
order by row_id, field
limit %(row_limit)s
