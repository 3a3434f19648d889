-- The contract as `moss-jamf init` installed it until it became late-bound: views over the tables of M.O.S.S. (release), which act
-- with their owner's rights. For the test of the upgrade; the grants are in grants.sql. No parameters.

-- The schema every dialect fills: one view per M.O.S.S. table under the strategy's names, a vocabulary
-- (canonical word -> the word this M.O.S.S. accepts) and its capabilities. Made anew each time: nothing is kept in it.

drop schema if exists moss_contract cascade;
create schema moss_contract;

create table moss_contract.vocabulary (
  domain text not null,
  canonical text not null,
  accepted text not null,
  primary key (domain, canonical)
);

create table moss_contract.capabilities (
  name text primary key,
  is_available boolean not null,
  meaning text not null
);
comment on column moss_contract.capabilities.meaning is 'What it means for this M.O.S.S. that the capability is there, or is not.';

-- The contract over M.O.S.S.'s integration tables, which are the same in every dialect. Reads nothing.
-- Columns that an older M.O.S.S. lacks are read through the row as JSON, so that the view stands with and without them.

create view moss_contract.integration_configs as
  select id, integration_type, name, is_enabled, config, sync_schedule, auto_sync_enabled, sync_settings,
         coalesce(to_jsonb(stored) ->> 'environment', 'production') as environment,
         coalesce(to_jsonb(stored) -> 'access_scope', '{}') as access_scope,
         last_sync_at, last_sync_status, last_sync_error
  from public.integration_configs as stored;

create view moss_contract.integration_credentials as
  select id, credentials_encrypted from public.integration_configs;

create view moss_contract.integration_sync_history as
  select id, integration_config_id, sync_started_at, sync_completed_at, status, items_processed, items_created,
         items_updated, items_skipped, items_failed, error_message, error_details, sync_type, triggered_by_user_id,
         duration_seconds
  from public.integration_sync_history;

create view moss_contract.integration_object_mappings as
  select id, integration_config_id, external_type, external_id, internal_type, internal_id, last_synced_at,
         sync_status, external_data
  from public.integration_object_mappings;

-- The contract over M.O.S.S. as released (migrations 001-030): views, vocabulary and capabilities. Reads nothing.
-- The views are simple, so PostgreSQL makes them updatable: transforms insert and update through them and never
-- name a M.O.S.S. table. What the released schema has no place for stands on tables of jamf_sync.

create view moss_contract.locations as
  select id, location_name as name from public.locations;

create view moss_contract.rooms as
  select id, location_id, room_name as name from public.rooms;

create view moss_contract.people as
  select id, username, full_name, email as email_address, phone as phone_number, job_title, person_type, notes
  from public.people;

create view moss_contract.devices as
  select id, hostname, serial_number, asset_tag, model, manufacturer, device_type, operating_system, os_version,
         location_id, room_id, assigned_to_id as assigned_to_person_id, notes
  from public.devices;

create view moss_contract.ios as
  select id, device_id, interface_name, interface_type, mac_address from public.ios;

create view moss_contract.groups as
  select id, group_name as name, group_type, group_id_external as external_id from public.groups;

create view moss_contract.group_device_members as
  select group_id, device_id from jamf_sync.group_device_members;

create view moss_contract.group_person_members as
  select group_id, person_id from public.group_members;

create view moss_contract.custom_field_values as
  select object_type, object_id, field_name, value from jamf_sync.custom_field_values;

create view moss_contract.users as
  select id, email from public.users where is_active is not false;

-- Membership in one of these gives a person rights in M.O.S.S.
create view moss_contract.groups_with_rights as
  select group_id from public.role_assignments where group_id is not null
  union
  select group_id from public.object_permissions where group_id is not null;

insert into moss_contract.vocabulary (domain, canonical, accepted) values
  ('device_type', 'laptop', 'computer'),
  ('device_type', 'workstation', 'computer'),
  ('device_type', 'mobile_device', 'mobile'),
  ('group_type', 'static', 'custom'),
  ('group_type', 'smart', 'jamf_smart_group'),
  ('interface_type', 'ethernet', 'ethernet'),
  ('interface_type', 'wifi', 'wifi'),
  ('interface_type', 'other', 'other'),
  ('person_type', 'employee', 'employee');

insert into moss_contract.capabilities (name, is_available, meaning) values
  ('group_members_hold_devices', false,
   'Groups hold people: members of a static group are the people assigned to its devices; the devices are listed in jamf_sync.group_device_members.'),
  ('hostname_is_unique', true,
   'Two devices cannot carry one host name: of two the one that has it keeps it, the other is a conflict.'),
  ('custom_fields_hold_values', false,
   'OS build, form factor, barcodes, enrolment status and the imported mark are kept in jamf_sync.custom_field_values.');

-- Access to M.O.S.S.'s own key store: the one active row of public.encryption_keys. The same for every dialect.
-- The table came with M.O.S.S.'s migration 030 and may be absent, so each call looks for it; plpgsql plans a statement when
-- it first runs it. The functions run with their owner's rights: whoever plans needs none on the table.

create function moss_contract.active_encryption_key() returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('public.encryption_keys') is null then
    return null;
  end if;
  return (select encryption_key from public.encryption_keys where is_active);
end
$$;

-- Keeps a key only where there is no active one, and yields the one that is active then: of two writers at once the second
-- waits for the first at the partial unique index, inserts nothing, and reads the first one's key. Volatile, so that the
-- last statement sees what another transaction has committed meanwhile.
create function moss_contract.keep_encryption_key(new_key text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('public.encryption_keys') is null then
    return null;
  end if;
  insert into public.encryption_keys (encryption_key, description, is_active)
  select new_key, 'Made by moss-jamf credentials set', true
  where not exists (select from public.encryption_keys where is_active)
  on conflict do nothing;
  return (select encryption_key from public.encryption_keys where is_active);
end
$$;

revoke execute on function moss_contract.active_encryption_key() from public;
revoke execute on function moss_contract.keep_encryption_key(text) from public;

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

-- What M.O.S.S. holds now, one JSON object of field -> text per object, as planning compares it and as applying guards it.
-- Reads only the contract's views, so it is the same for every dialect. Text is unescaped (the M.O.S.S. web
-- application stores it HTML-escaped), so that an escaped value equals the plain one and is not written again. Where the web
-- application's forms leave an empty text, there is no value.

create view moss_contract.device_values as
  select device.id, jsonb_build_object(
    'serial_number', nullif(btrim(jamf_sync.unescaped(device.serial_number)), ''),
    'hostname', nullif(btrim(jamf_sync.unescaped(device.hostname)), ''),
    'model', jamf_sync.unescaped(device.model),
    'manufacturer', jamf_sync.unescaped(device.manufacturer),
    'operating_system', jamf_sync.unescaped(device.operating_system),
    'os_version', jamf_sync.unescaped(device.os_version),
    'assigned_to_person_id', device.assigned_to_person_id::text,
    'asset_tag', nullif(btrim(jamf_sync.unescaped(device.asset_tag)), ''),
    'location_id', device.location_id::text,
    'room_id', device.room_id::text,
    'os_build', null, 'form_factor', null, 'barcode_1', null, 'barcode_2', null, 'jamf_enrollment_status', null
  ) || coalesce(custom.values, '{}') as values
  from moss_contract.devices as device
  left join lateral (
    select jsonb_object_agg(field.field_name, field.value) as values
    from moss_contract.custom_field_values as field
    where field.object_type = 'device' and field.object_id = device.id
      and field.field_name in ('os_build', 'form_factor', 'barcode_1', 'barcode_2', 'jamf_enrollment_status')
  ) as custom on true;

create view moss_contract.person_values as
  select person.id, jsonb_build_object(
    'username', nullif(btrim(jamf_sync.unescaped(person.username)), ''),
    'full_name', nullif(btrim(jamf_sync.unescaped(person.full_name)), ''),
    'email_address', jamf_sync.unescaped(person.email_address),
    'phone_number', jamf_sync.unescaped(person.phone_number),
    'job_title', jamf_sync.unescaped(person.job_title)
  ) as values
  from moss_contract.people as person;

create view moss_contract.group_values as
  select id, jsonb_build_object(
    'name', jamf_sync.unescaped(name), 'group_type', group_type, 'external_id', external_id
  ) as values
  from moss_contract.groups;

create view moss_contract.io_values as
  select id, jsonb_build_object(
    'interface_name', jamf_sync.unescaped(interface_name), 'interface_type', interface_type
  ) as values
  from moss_contract.ios;

create view moss_contract.object_values as
  select 'device' as object_type, id, values from moss_contract.device_values
  union all select 'person', id, values from moss_contract.person_values
  union all select 'group', id, values from moss_contract.group_values
  union all select 'io', id, values from moss_contract.io_values;

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

-- What a person's decision allows beyond the ownership table. These functions run with their owner's rights, because the writing role
-- may neither update M.O.S.S.-owned columns nor touch decisions (row-level security of jamf_sync.conflicts); each looks for the decision.

-- Writes JAMF's value into a field that M.O.S.S. owns, if a person decided exactly that for the value M.O.S.S. holds. A room of another
-- location is emptied with the location. Yields whether it wrote; false where nobody decided it, M.O.S.S. holds something else by now,
-- or the room is in another location.
create function moss_contract.write_decided(object_type text, object_id uuid, field text, value text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  decided text[];
  present text;
begin
  select array_agg(decision.moss_value) into decided
  from jamf_sync.conflicts as decision
  where decision.object_type = write_decided.object_type and decision.object_id = write_decided.object_id
    and decision.field = write_decided.field and decision.kind = 'owned_field_differs'
    and decision.status = 'resolved' and decision.resolution = 'take_jamf' and decision.jamf_value = write_decided.value;
  select stored.values ->> field into present
  from moss_contract.object_values as stored
  where stored.object_type = write_decided.object_type and stored.id = write_decided.object_id;
  if not exists (select from unnest(decided) as replaced where replaced is not distinct from present) then
    return false;
  end if;
  case object_type || '.' || field
  when 'device.asset_tag' then
    update moss_contract.devices as device set asset_tag = jamf_sync.storable(value) where device.id = object_id;
  when 'device.location_id' then
    update moss_contract.devices as device
    set location_id = value::uuid,
        room_id = (select room.id from moss_contract.rooms as room where room.id = device.room_id and room.location_id = value::uuid)
    where device.id = object_id;
  when 'device.room_id' then
    update moss_contract.devices as device set room_id = value::uuid
    where device.id = object_id
      and device.location_id = (select room.location_id from moss_contract.rooms as room where room.id = value::uuid);
  when 'person.username' then
    update moss_contract.people as person set username = jamf_sync.storable(value) where person.id = object_id;
  when 'person.full_name' then
    update moss_contract.people as person set full_name = jamf_sync.storable(value) where person.id = object_id;
  else
    raise invalid_parameter_value using message = format('%s of a %s is not written by decision', field, object_type);
  end case;
  return found;
end $$;

-- Notes on the decisions that the waiting rows of a plan carry out that they were: one to take JAMF's value is over then, one to keep
-- M.O.S.S.'s goes on without writing again. It can only end a decision, never make one.
create function moss_contract.carry_out_decisions(plan bigint, of_type text, first_row bigint, last_row bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update jamf_sync.conflicts as decision
  set carried_out_by_plan = planned.plan_id,
      status = case decision.resolution when 'take_jamf' then 'closed' else decision.status end,
      closed_at = case decision.resolution when 'take_jamf' then now() end
  from jamf_sync.change_plan as planned
  join jamf_sync.plans as own using (plan_id)
  where planned.plan_id = plan and planned.object_type = of_type and planned.outcome is null
    and planned.row_id between first_row and last_row
    and decision.integration_id = own.integration_id and decision.status = 'resolved' and decision.carried_out_by_plan is null
    and decision.object_type = case planned.object_type when 'mapping' then planned.label else planned.object_type end
    and decision.object_id = planned.object_id
    and case
      when decision.kind = 'serial_not_linked'
        then decision.external_id = planned.external_id
         and planned.action = case decision.resolution when 'take_jamf' then 'link' when 'keep_moss' then 'unlink' end
      when decision.resolution = 'take_jamf'
        then planned.rules ->> decision.field = 'decided_take_jamf' and planned.after ->> decision.field = decision.jamf_value
      else decision.kind = 'human_edit_overwritten' and planned.rules ->> decision.field in ('decided_keep_moss', 'pinned')
        and planned.after ->> decision.field is not distinct from decision.moss_value end
$$;

revoke all on function moss_contract.write_decided from public;
revoke all on function moss_contract.carry_out_decisions from public;

-- What undoes the work of an earlier plan and is nobody's right otherwise: putting back a M.O.S.S.-owned value, deleting a link, deleting
-- an object. These functions run with their owner's rights and take nothing but a waiting row of a plan; what it names they prove
-- from the applied rows of change_plan and from M.O.S.S. as it is now.

-- Puts back the M.O.S.S.-owned values of a row: only over a value that an applied row wrote and that is still there, and only with a
-- value that an applied row replaced.
create function moss_contract.restore_owned(waiting_row bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  asked jamf_sync.change_plan;
  owned jsonb;
begin
  select planned.* into asked from jamf_sync.change_plan as planned where planned.row_id = waiting_row and planned.outcome is null;
  select jsonb_object_agg(field.key, field.value) into owned
  from jsonb_each(asked.after) as field
  where asked.object_type || '.' || field.key
        in ('device.asset_tag', 'device.location_id', 'device.room_id', 'person.username', 'person.full_name');
  if owned is null then
    return;
  end if;
  if exists (
    select from jsonb_each_text(owned) as field
    where not exists (
        select from jamf_sync.change_plan as written
        where written.object_type = asked.object_type and written.object_id = asked.object_id and written.outcome = 'applied'
          and written.after ? field.key and written.after ->> field.key is not distinct from asked.before ->> field.key)
      or not exists (
        select from jamf_sync.change_plan as written
        where written.object_type = asked.object_type and written.object_id = asked.object_id and written.outcome = 'applied'
          and written.before ? field.key and written.before ->> field.key is not distinct from field.value)
      or not exists (
        select from moss_contract.object_values as stored
        where stored.object_type = asked.object_type and stored.id = asked.object_id
          and stored.values ->> field.key is not distinct from asked.before ->> field.key)) then
    raise exception 'Row % would put back what no plan replaced, or over what no plan wrote.', waiting_row;
  end if;
  if asked.object_type = 'device' then
    update moss_contract.devices as device
    set asset_tag = case when owned ? 'asset_tag' then jamf_sync.storable(owned ->> 'asset_tag') else device.asset_tag end,
        location_id = case when owned ? 'location_id' then (owned ->> 'location_id')::uuid else device.location_id end,
        room_id = case when owned ? 'room_id' then (owned ->> 'room_id')::uuid else device.room_id end
    where device.id = asked.object_id;
  else
    update moss_contract.people as person
    set username = case when owned ? 'username' then jamf_sync.storable(owned ->> 'username') else person.username end,
        full_name = case when owned ? 'full_name' then jamf_sync.storable(owned ->> 'full_name') else person.full_name end
    where person.id = asked.object_id;
  end if;
end $$;

-- Deletes the link that a waiting row names, if an applied row made it or a person declined it. Yields whether it did.
create function moss_contract.delete_link(waiting_row bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  asked jamf_sync.change_plan;
begin
  select planned.* into asked from jamf_sync.change_plan as planned
  where planned.row_id = waiting_row and planned.outcome is null and planned.object_type = 'mapping' and planned.action = 'unlink'
    and (exists (
           select from jamf_sync.change_plan as linking
           where linking.object_type = planned.label and linking.object_id = planned.object_id and linking.outcome = 'applied'
             and linking.action in ('link', 'move') and linking.external_type = planned.external_type
             and linking.external_id = planned.external_id)
         or exists (
           select from jamf_sync.conflicts as decision
           where decision.kind = 'serial_not_linked' and decision.status = 'resolved' and decision.resolution = 'keep_moss'
             and decision.object_type = planned.label and decision.object_id = planned.object_id
             and decision.external_id = planned.external_id));
  delete from moss_contract.integration_object_mappings as mapping
  using jamf_sync.plans as own
  where own.plan_id = asked.plan_id and mapping.integration_config_id = own.integration_id
    and mapping.internal_type = asked.label and mapping.internal_id = asked.object_id
    and mapping.external_type = asked.external_type and mapping.external_id = asked.external_id;
  return found;
end $$;

-- What refers to an object of M.O.S.S., in words; null if nothing does. Every foreign key of the catalogue counts, and every column
-- object_id of a table that refers to objects of several types; what the pipeline itself wrote about the object does not.
create function moss_contract.references_to(referred regclass, referred_id uuid, of_type text, integration uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  reference record;
  hits bigint;
  found_in text[] := '{}';
begin
  for reference in
    select distinct constraint_of.conrelid::regclass as referrer, referring.attname as referring_column
    from pg_constraint as constraint_of
    cross join lateral unnest(constraint_of.conkey, constraint_of.confkey) as pair (referring_number, referred_number)
    join pg_attribute as referring on referring.attrelid = constraint_of.conrelid and referring.attnum = pair.referring_number
    join pg_attribute as target on target.attrelid = constraint_of.confrelid and target.attnum = pair.referred_number
    where constraint_of.contype = 'f' and constraint_of.confrelid = referred and target.attname = 'id'
    union
    select relation.oid::regclass, attribute.attname
    from pg_class as relation
    join pg_attribute as attribute on attribute.attrelid = relation.oid
    where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
      and attribute.attname in ('object_id', 'internal_id') and attribute.atttypid = 'uuid'::regtype and not attribute.attisdropped
    order by 1, 2
  loop
    execute format(
      'select count(*) from (
         select to_jsonb(referring) as content from %s as referring where referring.%I = $1
       ) as candidates
       where not coalesce(
         content ->> ''integration_config_id'' = $2::text
         or content ? ''group_id'' and exists (
           select from jamf_sync.group_member_additions as own
           where own.integration_id = $2 and own.group_id::text = content ->> ''group_id''
             and own.member_id::text in (content ->> ''person_id'', content ->> ''device_id''))
         or content ? ''field_name'' and exists (
           select from jamf_sync.field_ownership as own
           where own.integration_id = $2 and own.object_type = $3 and own.field = content ->> ''field_name''), false)',
      reference.referrer, reference.referring_column)
    into hits using referred_id, integration, of_type;
    if hits > 0 then
      found_in := found_in || format('%s.%s (%s)', reference.referrer, reference.referring_column, hits);
    end if;
  end loop;
  return nullif(array_to_string(found_in, ', '), '');
end $$;

-- Deletes the object of a waiting row, if an applied row created it, nobody changed it since and nothing refers to it. Yields null when
-- it is gone, else why it stays.
create function moss_contract.delete_created(waiting_row bigint) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
-- M.O.S.S.'s trigger functions name their tables without a schema, hence this search_path.
declare
  asked jamf_sync.change_plan;
  created jamf_sync.change_plan;
  integration uuid;
  referred regclass;
  stored jsonb;
  changed text;
  referrers text;
begin
  select planned.* into asked from jamf_sync.change_plan as planned
  where planned.row_id = waiting_row and planned.outcome is null and planned.action = 'delete';
  select applied.* into created from jamf_sync.change_plan as applied
  where applied.row_id = (asked.details ->> 'undoes')::bigint and applied.action = 'create' and applied.outcome = 'applied'
    and applied.object_type = asked.object_type and applied.object_id = asked.object_id;
  if created.row_id is null then
    raise exception 'Row % would delete what no plan created.', waiting_row;
  end if;
  select own.integration_id into integration from jamf_sync.plans as own where own.plan_id = asked.plan_id;
  referred := format('public.%I', case asked.object_type
    when 'location' then 'locations' when 'room' then 'rooms' when 'person' then 'people'
    when 'device' then 'devices' when 'io' then 'ios' when 'group' then 'groups' end)::regclass;
  execute format('select to_jsonb(object) from %s as object where id = $1 for update', referred) into stored using asked.object_id;
  if stored is null then
    return null;
  end if;
  -- Every UPDATE of M.O.S.S. bumps updated_at; ours do at the time that their row says.
  if (stored ->> 'updated_at')::timestamptz <> (stored ->> 'created_at')::timestamptz
     and not exists (
       select from jamf_sync.change_plan as own
       where own.object_type = asked.object_type and own.object_id = asked.object_id and own.outcome = 'applied'
         and own.applied_at = (stored ->> 'updated_at')::timestamptz) then
    return 'It stays: somebody changed it in M.O.S.S. since it was created.';
  end if;
  select string_agg(field.key, ', ' order by field.key) into changed
  from moss_contract.object_values as present
  cross join lateral jsonb_each_text(present.values) as field
  left join jamf_sync.applied_values as base
    on base.integration_id = integration and base.object_type = asked.object_type and base.object_id = asked.object_id
  where present.object_type = asked.object_type and present.id = asked.object_id
    and field.value is distinct from created.after ->> field.key and field.value is distinct from base.values ->> field.key;
  if changed is not null then
    return format('It stays: somebody changed it in M.O.S.S. since it was created (%s).', changed);
  end if;
  referrers := moss_contract.references_to(referred, asked.object_id, asked.object_type, integration);
  if referrers is not null then
    return format('It stays: other data of M.O.S.S. refers to it, in %s.', referrers);
  end if;
  delete from moss_contract.custom_field_values as field
  where field.object_type = asked.object_type and field.object_id = asked.object_id;
  delete from moss_contract.group_device_members as member
  where member.device_id = asked.object_id or member.group_id = asked.object_id;
  delete from moss_contract.integration_object_mappings as mapping
  where mapping.integration_config_id = integration and mapping.internal_type = asked.object_type and mapping.internal_id = asked.object_id;
  delete from jamf_sync.group_member_additions as addition
  where addition.integration_id = integration and (addition.member_id = asked.object_id or addition.group_id = asked.object_id);
  delete from jamf_sync.applied_values as base
  where base.integration_id = integration and base.object_type = asked.object_type and base.object_id = asked.object_id;
  execute format('delete from %s where id = $1', referred) using asked.object_id;
  return null;
exception
  when insufficient_privilege then
    return format('It stays: the owner of the contract lacks a right in M.O.S.S. (%s).', sqlerrm);
end $$;

revoke all on function moss_contract.restore_owned from public;
revoke all on function moss_contract.delete_link from public;
revoke all on function moss_contract.references_to from public;
revoke all on function moss_contract.delete_created from public;
