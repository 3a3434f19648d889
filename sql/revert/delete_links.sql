-- Deletes the links of rows that undo them, and the base of what they linked: it would be compared with nothing any more.
-- Parameters: integration_id, plan_id, first_row, last_row. Links through the contract's definer function, which proves that we made them.
with unlinked as materialized (
  select row_id, object_id, label as internal_type, moss_contract.delete_link(row_id) as is_gone
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'mapping' and action = 'unlink' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
forgotten as (
  delete from jamf_sync.applied_values as base
  using unlinked
  where base.integration_id = %(integration_id)s and base.object_type = unlinked.internal_type and base.object_id = unlinked.object_id
    and unlinked.is_gone
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'The link changed since the plan was made, or the decision was taken back.'
from unlinked
where change.row_id = unlinked.row_id and not unlinked.is_gone
