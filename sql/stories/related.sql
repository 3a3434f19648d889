-- What belongs to an object in M.O.S.S.: of a device its interfaces and groups, of a person the
-- devices and groups, of a group its members. Parameters: integration_id, object_type, object_id,
-- row_limit. Grain: one related object, at most row_limit of each relation; `total`: how many there
-- are. Of a personally-owned device nothing is shown but that it is one.
with related as (
  select 'interface' as relation, 'io' as object_type, io.id as object_id,
         coalesce(io.interface_name, io.interface_type) as name, io.mac_address as key
  from moss_contract.ios() as io
  where %(object_type)s = 'device' and io.device_id = %(object_id)s
  union all
  select 'group', 'group', member.group_id, moss_group.name, null
  from moss_contract.group_device_members() as member
  join moss_contract.groups() as moss_group on moss_group.id = member.group_id
  where %(object_type)s = 'device' and member.device_id = %(object_id)s
  union all
  select 'group', 'group', member.group_id, moss_group.name, null
  from moss_contract.group_person_members() as member
  join moss_contract.groups() as moss_group on moss_group.id = member.group_id
  where %(object_type)s = 'person' and member.person_id = %(object_id)s
  union all
  select 'device', 'device', device.id, device.hostname, device.serial_number
  from moss_contract.devices() as device
  where %(object_type)s = 'person' and device.assigned_to_person_id = %(object_id)s
  union all
  select 'member', 'device', device.id, device.hostname, device.serial_number
  from moss_contract.group_device_members() as member
  join moss_contract.devices() as device on device.id = member.device_id
  where %(object_type)s = 'group' and member.group_id = %(object_id)s
  union all
  select 'member', 'person', person.id, person.full_name,
         coalesce(person.email_address, person.username)
  from moss_contract.group_person_members() as member
  join moss_contract.people() as person on person.id = member.person_id
  where %(object_type)s = 'group' and member.group_id = %(object_id)s
),
withheld as (
  select related.object_id
  from related
  join moss_contract.integration_object_mappings() as mapping
    on mapping.internal_type = 'device' and mapping.internal_id = related.object_id
  join jamf_sync.raw_jamf as raw
    on raw.collection in ('computers', 'mobile_devices')
   and raw.integration_id = mapping.integration_config_id and raw.jamf_id = mapping.external_id and raw.valid_to_capture is null
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = raw.version_id
  where related.object_type = 'device' and computer.is_personally_owned
    and raw.integration_id = %(integration_id)s
),
numbered as (
  select related.relation, related.object_type, related.object_id,
         withheld.object_id is not null as is_personally_owned,
         jamf_sync.unescaped(related.name) as name, jamf_sync.unescaped(related.key) as key,
         row_number() over (partition by related.relation, related.object_type
                            order by related.name, related.key) as place,
         count(*) over (partition by related.relation, related.object_type) as total
  from related
  left join withheld on withheld.object_id = related.object_id
)
select relation, object_type, object_id, is_personally_owned,
       case when not is_personally_owned then name end as name,
       case when not is_personally_owned then key end as key, total
from numbered
where place <= %(row_limit)s
order by relation, object_type, place
