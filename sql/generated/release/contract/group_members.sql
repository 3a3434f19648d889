-- Members join and leave groups through these functions and in no other way. They run with their owner's rights: a trigger of M.O.S.S.
-- recounts licence seats at each change, and the writing role has no business with licences; nor may it delete any row of M.O.S.S.'s
-- tables. Whom the sync added is in the ledger (group_member_additions), which only they write.

-- Adds the members that the waiting rows of a range name. Yields the rows that it refuses: the group is not linked to a JAMF group, is a
-- smart one, or grants rights (unless the integration's settings in M.O.S.S. allow people there); or one of the two is not there.
-- A member that somebody else added stays theirs.
create function moss_contract.add_group_members(plan bigint, first_row bigint, last_row bigint)
returns table (refused_row bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  integration uuid;
  may_grant_rights boolean;
  groups_of_people uuid[];
  people uuid[];
  groups_of_devices uuid[];
  devices uuid[];
  refused bigint[];
begin
  select own.integration_id, coalesce(
           lower((config.sync_settings ->> 'add_members_to_privileged_groups') collate "C")
             in ('true', '1', '1.0', 'yes', 'y', 'on', 't'), false)
  into integration, may_grant_rights
  from jamf_sync.plans as own
  join moss_contract.integration_configs() as config
    on config.id = own.integration_id and config.integration_type = 'jamf'
  where own.plan_id = plan;
  with pending as materialized (
    select planned.row_id, planned.object_id as group_id, planned.external_type as member_type,
           planned.external_id::uuid as member_id
    from jamf_sync.change_plan as planned
    where planned.plan_id = plan and planned.object_type = 'group_member' and planned.action = 'add'
      and planned.outcome is null and planned.row_id between first_row and last_row
  ),
  judged as materialized (
    select pending.*, case pending.member_type
        when 'device' then device.id is not null
        when 'person' then person.id is not null and (may_grant_rights or privileged.group_id is null)
        else false end
      and linked.internal_id is not null
      and moss_group.group_type is distinct from smart.accepted as is_possible
    from pending
    left join moss_contract.groups() as moss_group on moss_group.id = pending.group_id
    left join (
      select mapping.internal_id from moss_contract.integration_object_mappings() as mapping
      where mapping.integration_config_id = integration and mapping.internal_type = 'group'
    ) as linked on linked.internal_id = moss_group.id
    left join moss_contract.devices() as device
      on device.id = pending.member_id and pending.member_type = 'device'
    left join moss_contract.people() as person
      on person.id = pending.member_id and pending.member_type = 'person'
    left join (
      select distinct granting.group_id from moss_contract.groups_with_rights() as granting
    ) as privileged on privileged.group_id = pending.group_id
    left join moss_contract.vocabulary as smart
      on smart.domain = 'group_type' and smart.canonical = 'smart'
  )
  select array_agg(judged.group_id) filter (where is_possible and judged.member_type = 'person'),
         array_agg(judged.member_id) filter (where is_possible and judged.member_type = 'person'),
         array_agg(judged.group_id) filter (where is_possible and judged.member_type = 'device'),
         array_agg(judged.member_id) filter (where is_possible and judged.member_type = 'device'),
         array_agg(judged.row_id) filter (where is_possible is not true)
  into groups_of_people, people, groups_of_devices, devices, refused
  from judged;
  perform moss_contract.open_public();
  if people is not null then
    with added as (
      insert into public.group_members (
        group_id, person_id
      )
      select joining.group_id, joining.person_id
      from rows from (pg_catalog.unnest(groups_of_people), pg_catalog.unnest(people))
        as joining (group_id, person_id)
      on conflict do nothing
      returning group_id as group_id,
                person_id as person_id
    )
    insert into jamf_sync.group_member_additions (integration_id, group_id, member_type, member_id)
    select integration, added.group_id, 'person', added.person_id from added
    on conflict do nothing;
  end if;
  if devices is not null then
    with added as (
      insert into jamf_sync.group_device_members (
        group_id, device_id
      )
      select joining.group_id, joining.device_id
      from rows from (pg_catalog.unnest(groups_of_devices), pg_catalog.unnest(devices))
        as joining (group_id, device_id)
      on conflict do nothing
      returning group_id as group_id,
                device_id as device_id
    )
    insert into jamf_sync.group_member_additions (integration_id, group_id, member_type, member_id)
    select integration, added.group_id, 'device', added.device_id from added
    on conflict do nothing;
  end if;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform moss_contract.require_written('public.group_members', (
    select count(*) from unnest(groups_of_people, people) as joining (group_id, person_id)
    where not exists (
      select from public.group_members as member
      where member.group_id = joining.group_id
        and member.person_id = joining.person_id)));
  perform moss_contract.require_written('jamf_sync.group_device_members', (
    select count(*) from unnest(groups_of_devices, devices) as joining (group_id, device_id)
    where not exists (
      select from jamf_sync.group_device_members as member
      where member.group_id = joining.group_id
        and member.device_id = joining.device_id)));
  return query select unnest(refused);
end $$;

-- Takes out the members that the waiting rows of a range name and the ledger says this integration added. One that another JAMF server
-- added as well stays in the group: only this one's note of it goes.
create function moss_contract.remove_group_members(plan bigint, first_row bigint, last_row bigint)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  groups_of_people uuid[];
  people uuid[];
  groups_of_devices uuid[];
  devices uuid[];
begin
  with forgotten as (
    delete from jamf_sync.group_member_additions as addition
    using jamf_sync.change_plan as planned, jamf_sync.plans as own
    where own.plan_id = plan and planned.plan_id = plan and planned.object_type = 'group_member'
      and planned.action = 'remove' and planned.outcome is null
      and planned.row_id between first_row and last_row
      and addition.integration_id = own.integration_id and addition.group_id = planned.object_id
      and addition.member_type = planned.external_type
      and addition.member_id::text = planned.external_id
    returning addition.integration_id, addition.group_id, addition.member_type, addition.member_id
  ),
  leaving as (
    select forgotten.group_id, forgotten.member_type, forgotten.member_id
    from forgotten
    where not exists (
      select from jamf_sync.group_member_additions as other
      join moss_contract.jamf_servers() as server
        on server.integration_id = other.integration_id and server.is_enabled
      where other.group_id = forgotten.group_id and other.member_type = forgotten.member_type
        and other.member_id = forgotten.member_id
        and other.integration_id <> forgotten.integration_id)
  )
  select array_agg(group_id) filter (where member_type = 'person'),
         array_agg(member_id) filter (where member_type = 'person'),
         array_agg(group_id) filter (where member_type = 'device'),
         array_agg(member_id) filter (where member_type = 'device')
  into groups_of_people, people, groups_of_devices, devices
  from leaving;
  perform moss_contract.open_public();
  if people is not null then
    delete from public.group_members as member
    using rows from (pg_catalog.unnest(groups_of_people), pg_catalog.unnest(people))
      as leaving (group_id, person_id)
    where member.group_id operator(pg_catalog.=) leaving.group_id
      and member.person_id operator(pg_catalog.=) leaving.person_id;
  end if;
  if devices is not null then
    delete from jamf_sync.group_device_members as member
    using rows from (pg_catalog.unnest(groups_of_devices), pg_catalog.unnest(devices))
      as leaving (group_id, device_id)
    where member.group_id operator(pg_catalog.=) leaving.group_id
      and member.device_id operator(pg_catalog.=) leaving.device_id;
  end if;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform moss_contract.require_written('public.group_members', (
    select count(*) from unnest(groups_of_people, people) as leaving (group_id, person_id)
    join public.group_members as member
      on member.group_id = leaving.group_id
     and member.person_id = leaving.person_id));
  perform moss_contract.require_written('jamf_sync.group_device_members', (
    select count(*) from unnest(groups_of_devices, devices) as leaving (group_id, device_id)
    join jamf_sync.group_device_members as member
      on member.group_id = leaving.group_id
     and member.device_id = leaving.device_id));
end $$;

-- Of members that another JAMF server added as well, and the waiting rows of a range agree to: notes those that this one lists too, and
-- lets go of those that it lists no longer. The other's note, without which nothing happens, keeps them in the group.
create function moss_contract.share_group_members(plan bigint, first_row bigint, last_row bigint)
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with shared as materialized (
    select own.integration_id, planned.reason, other.group_id, other.member_type, other.member_id
    from jamf_sync.plans as own
    join jamf_sync.change_plan as planned
      on planned.plan_id = own.plan_id and planned.object_type = 'group_member'
     and planned.action = 'agree' and planned.outcome is null
     and planned.row_id between first_row and last_row
    join jamf_sync.group_member_additions as other
      on other.group_id = planned.object_id and other.member_type = planned.external_type
     and other.member_id::text = planned.external_id and other.integration_id <> own.integration_id
    join moss_contract.jamf_servers() as server
      on server.integration_id = other.integration_id and server.is_enabled
    where own.plan_id = plan
  ),
  noted as (
    insert into jamf_sync.group_member_additions (integration_id, group_id, member_type, member_id)
    select distinct shared.integration_id, shared.group_id, shared.member_type, shared.member_id
    from shared
    join moss_contract.jamf_servers() as own on own.integration_id = shared.integration_id
    where shared.reason = 'added_by_other_server'
    on conflict do nothing
  )
  delete from jamf_sync.group_member_additions as addition
  using shared
  where shared.reason = 'listed_by_other_server' and addition.integration_id = shared.integration_id
    and addition.group_id = shared.group_id and addition.member_type = shared.member_type
    and addition.member_id = shared.member_id
$$;

revoke all on function moss_contract.add_group_members from public;
revoke all on function moss_contract.remove_group_members from public;
revoke all on function moss_contract.share_group_members from public;
