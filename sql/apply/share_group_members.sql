-- Of members of groups that another JAMF server added as well: notes those that this one lists too, and lets go of those that it lists no
-- longer; the other's note keeps them in the group. Parameters: plan_id, first_row, last_row. Through the contract's definer function.
-- Run after refuse_unshared_members and before members are added and removed, while no other integration applies.
select moss_contract.share_group_members(%(plan_id)s, %(first_row)s, %(last_row)s)
