-- The groups of JAMF's in which a person of M.O.S.S. is a member, or a device of theirs. Reads the contract and the groups of
-- the newest captures. Writes nothing. Parameters: integration_ids, person_id, row_limit. Grain: one group, by name; total:
-- how many there are, however many are asked for. Smart groups have no members in M.O.S.S.
with memberships as (
  select member.group_id from moss_contract.group_person_members() as member
  where member.person_id = %(person_id)s
  union
  select member.group_id from moss_contract.group_device_members() as member
  join moss_contract.devices() as device on device.id = member.device_id
  where device.assigned_to_person_id = %(person_id)s
)
select found.id as group_id, found.name, count(*) over () as total
from memberships
join moss_contract.groups() as found on found.id = memberships.group_id
where exists (
  select from moss_contract.integration_object_mappings() as mapping
  where mapping.internal_type = 'group' and mapping.internal_id = found.id
    and mapping.integration_config_id = any (%(integration_ids)s)
    and coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal'))
order by jamf_sync.folded(found.name), found.id
limit %(row_limit)s
