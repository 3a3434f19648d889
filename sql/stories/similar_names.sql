-- Objects of M.O.S.S. whose name, or what else they are known by, contains a text, for whoever
-- asked for one that is not there. Parameters: object_type, label_pattern (one of LIKE, folded),
-- row_limit.
with named as (
  select 'device' as object_type, device.hostname as name, device.serial_number as key
  from moss_contract.devices() as device
  union all
  select 'person', person.full_name, coalesce(person.email_address, person.username)
  from moss_contract.people() as person
  union all
  select 'group', moss_group.name, moss_group.external_id
  from moss_contract.groups() as moss_group
)
select jamf_sync.unescaped(name) as name, jamf_sync.unescaped(key) as key
from named
where object_type = %(object_type)s
  and (jamf_sync.folded(jamf_sync.unescaped(name)) like %(label_pattern)s
    or jamf_sync.folded(jamf_sync.unescaped(key)) like %(label_pattern)s)
order by name, key
limit %(row_limit)s
