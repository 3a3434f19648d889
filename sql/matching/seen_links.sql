-- seen_links: the links of computers and mobile devices, and what each last saw. Grain: one row per link.
-- Parameters: integration_id. Reads M.O.S.S.'s links and devices.
-- A temporary table, as judged_computers and ranked_computers: PostgreSQL has statistics of a table
-- that was analysed and none of a CTE (docs/decisions/0002).
insert into seen_links
  (jamf_id, record_type, device_id, device_exists, moss_serial, saw_serial, saw_udid,
   saw_management_id)
select mapping.external_id as jamf_id, mapping.external_type as record_type,
       mapping.internal_id as device_id,
       device.id is not null as device_exists,
       device.serial_number as moss_serial,
       jamf_sync.serial_as_given(document.value -> 'hardware' ->> 'serialNumber') as saw_serial,
       -- A mobile device tells its UDID in section GENERAL.
       coalesce(
         lower(document.value ->> 'udid'), lower(document.value -> 'general' ->> 'udid')) as saw_udid,
       lower(document.value -> 'general' ->> 'managementId') as saw_management_id
from moss_contract.integration_object_mappings() as mapping
left join moss_contract.devices() as device on device.id = mapping.internal_id
-- Unpacked once: a document is large, and each look into a stored one would unpack it anew.
cross join lateral (
  select coalesce(mapping.external_data, '{}') || '{}' as value offset 0
) as document
where mapping.integration_config_id = %(integration_id)s
  and mapping.external_type in ('computer', 'mobile_device')
  and mapping.internal_type = 'device'
