-- What M.O.S.S. holds now, one JSON object of field -> text per object, as planning compares it and as applying guards it.
-- Reads only the contract, so it is the same for every dialect. Text is unescaped (the M.O.S.S. web
-- application stores it HTML-escaped), so that an escaped value equals the plain one and is not written again. Where the web
-- application's forms leave an empty text, there is no value.

create function moss_contract.device_values() returns table (id uuid, "values" jsonb)
language sql stable as $$
  select device.id, jsonb_build_object(
    'serial_number', nullif(btrim(jamf_sync.unescaped(device.serial_number)), ''),
    'hostname', nullif(btrim(jamf_sync.unescaped(device.hostname)), ''),
    'model', jamf_sync.unescaped(device.model),
    'manufacturer', jamf_sync.unescaped(device.manufacturer),
    'operating_system', jamf_sync.unescaped(device.operating_system),
    'os_version', jamf_sync.unescaped(device.os_version),
    'device_type', device.device_type,
    'assigned_to_person_id', device.assigned_to_person_id::text,
    'asset_tag', nullif(btrim(jamf_sync.unescaped(device.asset_tag)), ''),
    'location_id', device.location_id::text,
    'room_id', device.room_id::text
  ) || jsonb_object(
    -- Where M.O.S.S. has no value, null; PostgreSQL works this object out when it plans a statement.
    jamf_sync.device_custom_fields(), array_fill(null::text, array[cardinality(jamf_sync.device_custom_fields())])
  ) || coalesce(custom.values, '{}') as values
  from moss_contract.devices() as device
  left join lateral (
    select jsonb_object_agg(field.field_name, field.value) as values
    from moss_contract.custom_field_values() as field
    where field.object_type = 'device' and field.object_id = device.id
      -- Those of extension attributes are what some integration maps, or once did.
      and field.field_name = any (jamf_sync.device_custom_fields() || array(
        select attribute.field_name from jamf_sync.extension_attributes as attribute where attribute.field_name is not null))
  ) as custom on true
$$;

create function moss_contract.person_values() returns table (id uuid, "values" jsonb)
language sql stable as $$
  select person.id, jsonb_build_object(
    'username', nullif(btrim(jamf_sync.unescaped(person.username)), ''),
    'full_name', nullif(btrim(jamf_sync.unescaped(person.full_name)), ''),
    'email_address', jamf_sync.unescaped(person.email_address),
    'phone_number', jamf_sync.unescaped(person.phone_number),
    'job_title', jamf_sync.unescaped(person.job_title),
    'department', nullif(btrim(jamf_sync.unescaped(person.department)), '')
  ) as values
  from moss_contract.people() as person
$$;

create function moss_contract.group_values() returns table (id uuid, "values" jsonb)
language sql stable as $$
  select id, jsonb_build_object(
    'name', jamf_sync.unescaped(name), 'group_type', group_type, 'external_id', external_id
  ) as values
  from moss_contract.groups()
$$;

create function moss_contract.io_values() returns table (id uuid, "values" jsonb)
language sql stable as $$
  select id, jsonb_build_object(
    'interface_name', jamf_sync.unescaped(interface_name), 'interface_type', interface_type
  ) as values
  from moss_contract.ios()
$$;

create function moss_contract.object_values() returns table (object_type text, id uuid, "values" jsonb)
language sql stable as $$
  select 'device' as object_type, id, values from moss_contract.device_values()
  union all select 'person', id, values from moss_contract.person_values()
  union all select 'group', id, values from moss_contract.group_values()
  union all select 'io', id, values from moss_contract.io_values()
$$;
