-- The one way to write a field that M.O.S.S. owns: only while it is empty (docs/how-it-works.md, "Who wins
-- a field"). Runs with its owner's rights, because the writing role has none to update these columns; it can
-- change nothing that holds a value. The columns are those that the ownership table fills.

create function moss_contract.fill_empty(object_type text, object_id uuid, fields jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  case object_type
  when 'device' then
    update public.devices as stored
    set asset_tag = case when btrim(stored.asset_tag) <> '' then stored.asset_tag
          else coalesce(jamf_sync.storable(fields ->> 'asset_tag'), stored.asset_tag) end,
        location_id = coalesce(stored.location_id, (fields ->> 'location_id')::uuid),
        room_id = coalesce(stored.room_id, (fields ->> 'room_id')::uuid)
    where stored.id = fill_empty.object_id
      and (coalesce(btrim(stored.asset_tag), '') = '' and fields ->> 'asset_tag' is not null
           or stored.location_id is null and fields ->> 'location_id' is not null
           or stored.room_id is null and fields ->> 'room_id' is not null);
  when 'person' then
    update public.people as stored
    set username = case when btrim(stored.username) <> '' then stored.username
          else coalesce(jamf_sync.storable(fields ->> 'username'), stored.username) end,
        full_name = case when btrim(stored.full_name) <> '' then stored.full_name
          else coalesce(jamf_sync.storable(fields ->> 'full_name'), stored.full_name) end
    where stored.id = fill_empty.object_id
      and (coalesce(btrim(stored.username), '') = '' and fields ->> 'username' is not null
           or coalesce(btrim(stored.full_name), '') = '' and fields ->> 'full_name' is not null);
  else
    raise invalid_parameter_value using message = format('no field of a %s is filled', object_type);
  end case;
end $$;

revoke all on function moss_contract.fill_empty from public;
