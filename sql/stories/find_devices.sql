-- Which devices somebody may mean, by M.O.S.S. id, JAMF id, serial number or host name. Parameters:
-- integration_id, sought (the text; null: an id is meant), object_id, jamf_id (each or null).
-- Grain: one device, or one JAMF record that is none. Only the best way of finding any counts
-- (`found_by`): an id that was named as one; what M.O.S.S. or JAMF call it now; a JAMF id; what
-- JAMF called it before, as far as that is kept. Of several records of one machine, those that are not
-- synced are left out where the one that is synced was found. Names are compared in any case,
-- serial numbers without blanks. Looks once through devices and typed rows: nothing indexes folded
-- names.
with wanted as (
  select jamf_sync.folded(%(sought)s::text) as name,
         jamf_sync.serial_key(%(sought)s::text) as serial
),
named_devices as (
  select device.id as device_id, 1 as place
  from moss_contract.devices() as device
  where device.id = %(object_id)s::uuid
  union all
  select device.id, 2
  from moss_contract.devices() as device
  cross join wanted
  where %(sought)s::text is not null
    and (jamf_sync.folded(jamf_sync.unescaped(device.hostname)) = wanted.name
      or jamf_sync.serial_key(device.serial_number) = wanted.serial)
),
named_rows as materialized (
  select snapshot.version_id
  from jamf_sync.jamf_computers_snapshot as snapshot
  cross join wanted
  where %(sought)s::text is not null
    and (jamf_sync.folded(snapshot.hostname) = wanted.name
      or jamf_sync.serial_key(snapshot.serial_number) = wanted.serial)
),
named_records as (
  select raw.jamf_id, min(case when raw.valid_to_capture is null then 2 else 4 end) as place
  from named_rows
  join jamf_sync.raw_jamf as raw
    on raw.collection in ('computers', 'mobile_devices') and raw.version_id = named_rows.version_id
  where raw.integration_id = %(integration_id)s
  group by raw.jamf_id
  union all
  select raw.jamf_id, case when %(sought)s::text is null then 1 else 3 end
  from jamf_sync.raw_jamf as raw
  where raw.collection in ('computers', 'mobile_devices')
    and raw.integration_id = %(integration_id)s and raw.jamf_id = %(jamf_id)s
    and raw.valid_to_capture is null
  union all
  -- Of which JAMF says nothing any more.
  select mapping.external_id, case when %(sought)s::text is null then 1 else 3 end
  from moss_contract.integration_object_mappings() as mapping
  where mapping.integration_config_id = %(integration_id)s
    and mapping.external_type in ('computer', 'mobile_device')
    and mapping.external_id = %(jamf_id)s
),
found as (
  select named.place, named.device_id, coalesce(match.jamf_id, mapping.external_id) as jamf_id
  from named_devices as named
  left join jamf_sync.device_matches as match
    on match.integration_id = %(integration_id)s and match.device_id = named.device_id
   and match.outcome in ('mapped', 'moved', 'matched', 'held')
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'device'
   and mapping.internal_id = named.device_id and mapping.external_id not like '%% (former link %%'
  union all
  select named.place, coalesce(match.device_id, mapping.internal_id), named.jamf_id
  from named_records as named
  left join jamf_sync.device_matches as match
    on match.integration_id = %(integration_id)s and match.jamf_id = named.jamf_id
   and match.outcome <> 'declined'
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s
   and mapping.external_type in ('computer', 'mobile_device')
   and mapping.external_id = named.jamf_id
   and coalesce(match.outcome, '') not in
     ('twin', 'shared_serial', 'other_inventory', 'ambiguous', 'create')
),
best as (
  select distinct on (coalesce(found.device_id::text, found.jamf_id)) found.device_id,
         found.jamf_id, found.place
  from found
  where found.place = (select min(place) from found)
  order by coalesce(found.device_id::text, found.jamf_id), found.jamf_id is null
),
described as (
  select best.place as found_by, best.device_id as object_id,
         jamf_sync.device_record_type(best.jamf_id) as external_type, best.jamf_id as external_id, match.twin_of,
         coalesce(snapshot.is_personally_owned, false) as is_personally_owned,
         jamf_sync.unescaped(coalesce(device.hostname, snapshot.hostname)) as name,
         jamf_sync.unescaped(coalesce(device.serial_number, snapshot.serial_number)) as key,
         device.id is not null as is_in_moss
  from best
  left join moss_contract.devices() as device on device.id = best.device_id
  left join jamf_sync.device_matches as match
    on match.integration_id = %(integration_id)s and match.jamf_id = best.jamf_id
  left join jamf_sync.raw_jamf as raw
    on raw.collection in ('computers', 'mobile_devices') and raw.integration_id = %(integration_id)s
   and raw.jamf_id = best.jamf_id and raw.valid_to_capture is null
  left join jamf_sync.jamf_computers_snapshot as snapshot on snapshot.version_id = raw.version_id
)
select described.*
from described
left join described as synced
  on synced.external_id = described.twin_of and described.object_id is null
 and not synced.is_personally_owned
where synced.external_id is null
order by described.name, described.key, described.external_id
