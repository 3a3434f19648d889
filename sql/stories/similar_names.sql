-- Objects of M.O.S.S. whose name, or what else they are known by, contains a text, for whoever asked
-- for one that is not there. Parameters: integration_id, object_type, label_pattern (one of LIKE,
-- folded), row_limit. Personally-owned devices are left out.
with withheld as (
  select mapping.internal_id as id
  from jamf_sync.jamf_computers_snapshot as computer
  join jamf_sync.raw_jamf as raw
    on raw.collection in ('computers', 'mobile_devices') and raw.version_id = computer.version_id
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s
   and mapping.external_type in ('computer', 'mobile_device')
   and mapping.external_id = raw.jamf_id and mapping.internal_type = 'device'
  where computer.is_personally_owned and raw.integration_id = %(integration_id)s
    and raw.valid_to_capture is null
),
named as (
  select 'device' as object_type, device.hostname as name, device.serial_number as key
  from moss_contract.devices() as device
  left join withheld on withheld.id = device.id
  where withheld.id is null
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
