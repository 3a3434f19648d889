-- What lists call a device, and what belongs to it: by host name and serial number. Keeps all data.

-- The contract is made after the migrations; what is named here is found when it is called.
set local check_function_bodies = off;

create function jamf_sync.serial_number_of(
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
     from jamf_sync.device_matches as computer
     join jamf_sync.jamf_computers_snapshot as seen on seen.version_id = computer.version_id
     where computer.integration_id = serial_number_of.integration_id
       and computer.jamf_id = case external_type
         when 'computer' then external_id
         when 'computer_interface' then pg_catalog.split_part(external_id, '/', 1) end))
$$;
comment on function jamf_sync.serial_number_of is
  'The serial number of the device that a row of a plan, a conflict or a suppressed change is about, or belongs to: M.O.S.S.''s, '
  'or, where M.O.S.S. has no such device, that of the JAMF record. Null where it is about no device.';

create function jamf_sync.host_name_of(object_type text, label text, object_id uuid) returns text
language sql stable as $$
  select jamf_sync.unescaped(device.hostname)
  from moss_contract.devices() as device
  where object_type = 'mapping' and label = 'device' and device.id = host_name_of.object_id
$$;
comment on function jamf_sync.host_name_of is
  'The host name of the device that a link of a plan is about; other rows carry it as their label.';

create function jamf_sync.named(name text, serial_number text) returns text language sql immutable as $$
  select case when serial_number is null or serial_number = name then name
              when name is null then serial_number
              else name || ' · ' || serial_number end
$$;
comment on function jamf_sync.named is 'A device as lists call it: host name and serial number.';
