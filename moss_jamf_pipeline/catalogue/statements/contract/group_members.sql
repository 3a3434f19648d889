-- People join and leave groups through two functions, devices leave them through a third. They run with
-- their owner's rights: a trigger of M.O.S.S. recounts licence seats at each change, and the writing role
-- has no business with licences; nor may it delete any row of M.O.S.S.'s tables.
-- M.O.S.S.'s trigger functions name their tables without a schema, hence `public` in these search_paths.

create function moss_contract.add_person_to_group(to_group uuid, person uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_variable
begin
  insert into {{ group_person_members }} (
    {{ group_person_members.group_id }}, {{ group_person_members.person_id }}
  )
  values (to_group, person) on conflict do nothing;
  return found;
end $$;

create function moss_contract.remove_person_from_group(from_group uuid, person uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_variable
begin
  delete from {{ group_person_members }} as member
  where member.{{ group_person_members.group_id }} = from_group
    and member.{{ group_person_members.person_id }} = person;
  return found;
end $$;

create function moss_contract.remove_device_from_group(from_group uuid, device uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_variable
begin
  delete from {{ group_device_members }} as member
  where member.{{ group_device_members.group_id }} = from_group
    and member.{{ group_device_members.device_id }} = device;
  return found;
end $$;

revoke all on function moss_contract.add_person_to_group from public;
revoke all on function moss_contract.remove_person_from_group from public;
revoke all on function moss_contract.remove_device_from_group from public;
