-- The one way to write a field that M.O.S.S. owns: only while it is empty (DESIGN, "Field ownership").
-- Runs with its owner's rights, because the writing role has none to update these columns; it can change nothing that holds a value.

create function moss_contract.fill_empty(object_type text, object_id uuid, fields jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  case object_type
  when 'device' then
    update moss_contract.devices as device
    set asset_tag = case when btrim(device.asset_tag) <> '' then device.asset_tag
          else coalesce(jamf_sync.storable(fields ->> 'asset_tag'), device.asset_tag) end,
        location_id = coalesce(device.location_id, (fields ->> 'location_id')::uuid),
        room_id = coalesce(device.room_id, (fields ->> 'room_id')::uuid)
    where device.id = fill_empty.object_id
      and (coalesce(btrim(device.asset_tag), '') = '' and fields ->> 'asset_tag' is not null
        or device.location_id is null and fields ->> 'location_id' is not null
        or device.room_id is null and fields ->> 'room_id' is not null);
  when 'person' then
    update moss_contract.people as person
    set username = case when btrim(person.username) <> '' then person.username
          else coalesce(jamf_sync.storable(fields ->> 'username'), person.username) end,
        full_name = case when btrim(person.full_name) <> '' then person.full_name
          else coalesce(jamf_sync.storable(fields ->> 'full_name'), person.full_name) end
    where person.id = fill_empty.object_id
      and (coalesce(btrim(person.username), '') = '' and fields ->> 'username' is not null
        or coalesce(btrim(person.full_name), '') = '' and fields ->> 'full_name' is not null);
  else
    raise invalid_parameter_value using message = format('no field of a %s is filled', object_type);
  end case;
end $$;

revoke all on function moss_contract.fill_empty from public;
