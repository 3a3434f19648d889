-- Of what is about a mobile device or one of its interfaces, lists tell the serial number as well. Keeps all data.

-- The contract is made after the migrations; what is named here is found when it is called.
set local check_function_bodies = off;

create or replace function jamf_sync.serial_number_of(
  integration_id uuid, object_type text, label text, object_id uuid, external_type text, external_id text, details jsonb
) returns text language sql stable as $$
  select coalesce(
    (select jamf_sync.unescaped(device.serial_number)
     from moss_contract.devices() as device
     where device.id = case
       when object_type = 'device' or object_type = 'mapping' and label = 'device' then serial_number_of.object_id
       when object_type = 'io' then (details ->> 'device_id')::uuid
       when object_type = 'group_member' and external_type = 'device' then external_id::uuid end),
    (select seen.serial_number
     from jamf_sync.device_matches as record
     join jamf_sync.jamf_computers_snapshot as seen on seen.version_id = record.version_id
     where record.integration_id = serial_number_of.integration_id
       and record.jamf_id = case
         when external_type in ('computer', 'mobile_device') then external_id
         when external_type in ('computer_interface', 'mobile_device_interface')
           then pg_catalog.split_part(external_id, '/', 1) end))
$$;
