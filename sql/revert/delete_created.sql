-- Deletes objects that an earlier plan created, each through the contract's definer function, which proves that nobody changed it and
-- nothing refers to it; what stays is refused with the reason. Parameters: plan_id, object_type, first_row, last_row.
with asked as materialized (
  select row_id, moss_contract.delete_created(row_id) as why_it_stays
  from (
    select row_id from jamf_sync.change_plan
    where plan_id = %(plan_id)s and object_type = %(object_type)s and action = 'delete' and outcome is null
      and row_id between %(first_row)s and %(last_row)s
    order by row_id
  ) as waiting
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = asked.why_it_stays
from asked
where change.row_id = asked.row_id and asked.why_it_stays is not null
