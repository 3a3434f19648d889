-- People join and leave groups through these two. They run with their owner's rights, because a trigger of M.O.S.S. recounts
-- licence seats at each change, and the writing role has no business with licences.

create function moss_contract.add_person_to_group(to_group uuid, person uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- M.O.S.S.'s trigger functions name their tables without a schema, hence this search_path.
  insert into moss_contract.group_person_members (group_id, person_id) values (to_group, person) on conflict do nothing;
  return found;
end $$;

create function moss_contract.remove_person_from_group(from_group uuid, person uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from moss_contract.group_person_members where group_id = from_group and person_id = person;
  return found;
end $$;

revoke all on function moss_contract.add_person_to_group from public;
revoke all on function moss_contract.remove_person_from_group from public;
