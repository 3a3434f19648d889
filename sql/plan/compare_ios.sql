-- Compares the network interfaces JAMF reports with the IOs M.O.S.S. has. Grain: one interface per device and MAC address.
-- Parameters: integration_id, plan_id. Reads device_matches, object_leads, ios, applied_values (an IO we created has a row there).
-- A MAC address that several Macs report is a dongle's that wanders: it places no interface. One that another device's IO
-- carries is a conflict. A locally administered one (the second-lowest bit of its first octet is set: software made it up) means
-- nothing outside its own Mac: it is no dongle's and in nobody's way, and its interface says so in its name. IOs that a person made are matched and never touched; one of ours that a person
-- deleted is not made again; IOs are never deleted. Of a device that another JAMF server leads none is made or changed.
with interfaces as materialized (
  select match.device_id, match.jamf_id, jamf_sync.device_record_type(match.jamf_id) as record_type, match.outcome, interface.place, jamf_sync.mac_key(interface.mac_address) as mac_key,
         interface.mac_address, interface.interface_type, computer.hostname,
         interface.place = 2 and computer.mac_interface_type = computer.alt_mac_interface_type as is_second_of_its_type,
         substr(interface.mac_address, 2, 1) in ('2', '3', '6', '7', 'A', 'B', 'E', 'F') as is_local,
         lead.object_id is not null as is_secondary
  from jamf_sync.device_matches as match
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
  cross join lateral (values
    (1, computer.mac_address, computer.mac_interface_type), (2, computer.alt_mac_address, computer.alt_mac_interface_type)
  ) as interface (place, mac_address, interface_type)
  left join jamf_sync.object_leads as lead
    on lead.object_type = 'device' and lead.object_id = match.device_id and lead.integration_id <> %(integration_id)s
  where match.integration_id = %(integration_id)s and match.outcome in ('mapped', 'moved', 'matched', 'create')
    and interface.mac_address is not null
),
repeated as (
  select mac_key from interfaces group by mac_key having count(*) > 1
),
wandering as materialized (
  select mac_key from interfaces join repeated using (mac_key)
  where not is_local
  group by mac_key having count(distinct device_id) > 1
),
existing as materialized (
  select io.id, io.device_id, jamf_sync.mac_key(io.mac_address) as mac_key from moss_contract.ios() as io
  where io.mac_address is not null
),
own as (
  select device_id, mac_key, (array_agg(id order by id))[1] as io_id from existing group by device_id, mac_key
),
placed as materialized (
  select interface.*, own.io_id
  from interfaces as interface
  left join own on own.device_id = interface.device_id and own.mac_key = interface.mac_key
),
holders as (
  -- Of the MAC addresses that are not on their own device: on which other one they are.
  select distinct on (existing.mac_key) existing.mac_key, existing.device_id
  from existing
  join (select distinct mac_key from placed where io_id is null and not is_local) as missing
    using (mac_key)
  order by existing.mac_key, existing.device_id
),
deleted as materialized (
  -- Interfaces we created and a person deleted.
  select distinct (applied.values ->> 'device_id')::uuid as device_id, jamf_sync.mac_key(applied.values ->> 'mac_address') as mac_key
  from jamf_sync.applied_values as applied
  where applied.integration_id = %(integration_id)s and applied.object_type = 'io'
    and not exists (select from moss_contract.ios() as io where io.id = applied.object_id)
),
candidates as materialized (
  select interface.*, deleted.mac_key is not null as is_deleted, wandering.mac_key is not null as is_wandering,
         case when interface.io_id is null then holder.device_id end as other_device_id,
         value.values as moss, applied.values as base
  from placed as interface
  left join wandering on wandering.mac_key = interface.mac_key
  left join deleted on deleted.device_id = interface.device_id and deleted.mac_key = interface.mac_key
  left join holders as holder on holder.mac_key = interface.mac_key
  left join moss_contract.io_values() as value on value.id = interface.io_id
  left join jamf_sync.applied_values as applied
    on applied.integration_id = %(integration_id)s and applied.object_type = 'io' and applied.object_id = interface.io_id
),
compared as materialized (
  select candidates.*,
    jsonb_build_object(
      'interface_type', vocabulary.accepted,
      'interface_name', case interface_type when 'wifi' then 'Wi-Fi' when 'ethernet' then 'Ethernet'
                                            when 'bluetooth' then 'Bluetooth' else 'Interface' end
        || case when is_second_of_its_type then ' 2' else '' end
        || case when is_local then ' (local address)' else '' end) as wanted,
    case when io_id is not null and (base is null or is_secondary) then 'foreign'
         when io_id is not null then 'update'
         when is_wandering then 'wandering'
         when is_deleted then 'deleted'
         when is_secondary then 'secondary'
         when other_device_id is not null then 'elsewhere'
         else 'create' end as action
  from candidates
  left join moss_contract.vocabulary on vocabulary.domain = 'interface_type' and vocabulary.canonical = candidates.interface_type
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'io', count(*), 0, count(*) filter (where action in ('wandering', 'deleted', 'secondary')),
         count(*) filter (where action = 'foreign' or action = 'update' and (wanted = moss or moss <> base - array['device_id', 'mac_address']))
  from compared
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, moss_value, detail)
  select %(plan_id)s, 'io', null, record_type || '_interface', jamf_id || '/' || mac_key, hostname, 'mac_elsewhere', 'mac_address', mac_address, mac_address,
         'M.O.S.S. has this MAC address on another device, '
         || concat_ws(', serial number ',
              coalesce(jamf_sync.unescaped(other.name), 'which has no host name'),
              jamf_sync.unescaped(other.serial_number))
         || '; no interface was created. Remove it there if it moved.'
  from compared
  left join (
    select id, hostname as name, serial_number from moss_contract.devices()
  ) as other on other.id = compared.other_device_id
  where action = 'elsewhere'
)
insert into compared_objects (object_type, object_id, external_type, external_id, label, action, reason, jamf, moss, base, details)
select 'io', coalesce(io_id, gen_random_uuid()), record_type || '_interface', jamf_id || '/' || mac_key, coalesce(hostname || ' ', '') || mac_address,
  action, case action when 'create' then 'unknown_to_moss' else 'values_differ' end,
  case action when 'create' then wanted || jsonb_build_object('mac_address', mac_address) else wanted end,
  coalesce(moss, '{}'), coalesce(base, '{}'), jsonb_build_object('device_id', device_id)
from compared
where action = 'create' or action = 'update' and wanted <> moss and moss = base - array['device_id', 'mac_address']
