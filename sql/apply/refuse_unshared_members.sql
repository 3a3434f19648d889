-- Refuses, to be planned anew, what was planned about members of groups that another JAMF server added as well, and is not so any more:
-- that the two share a member which the other let go of since, and the removal of one that it has noted since.
-- Parameters: integration_id, plan_id, first_row, last_row. Run first, while no other integration applies.
with pending as materialized (
  select row_id, action, object_id as group_id, external_type as member_type, external_id::uuid as member_id
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'group_member' and outcome is null
    and action in ('agree', 'remove') and row_id between %(first_row)s and %(last_row)s
),
added_by_others as materialized (
  select distinct addition.group_id, addition.member_type, addition.member_id
  from moss_contract.jamf_servers() as server
  join jamf_sync.group_member_additions as addition on addition.integration_id = server.integration_id
  where server.is_enabled and server.integration_id <> %(integration_id)s
),
shared as materialized (
  select pending.row_id from pending join added_by_others using (group_id, member_type, member_id)
)
update jamf_sync.change_plan as change
set outcome = 'refused',
    outcome_detail = case pending.action
      when 'remove' then 'Another JAMF server lists this member by now, so it stays in the group.'
      else 'The other JAMF server let go of this member since; it is planned anew next time.' end
from pending
left join shared on shared.row_id = pending.row_id
where change.row_id = pending.row_id
  and change.row_id between %(first_row)s and %(last_row)s
  and (pending.action = 'remove') = (shared.row_id is not null)
