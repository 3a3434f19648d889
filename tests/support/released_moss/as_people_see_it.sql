-- The released M.O.S.S. under the names of the strategy document, for the tests' own statements: with this schema first in
-- the search_path one and the same test reads and writes either dialect. No parameters.
-- It stands on the tables and on jamf_sync, never on the contract, so that a wrong view there cannot hide itself.

create schema as_people_see_it;

create view as_people_see_it.companies as
  select id, company_name as name, company_type, notes, created_at, updated_at from public.companies;

create view as_people_see_it.locations as
  select id, company_id, location_name as name, location_type, address, notes, created_at, updated_at from public.locations;

create view as_people_see_it.rooms as
  select id, location_id, room_name as name, room_number, notes, created_at, updated_at from public.rooms;

create view as_people_see_it.people as
  select id, company_id, location_id, username, full_name, email as email_address, phone as phone_number, job_title,
         department, person_type, status, manager_id, start_date as hire_date, notes, created_at, updated_at
  from public.people;
-- A person always says it in the form.
alter view as_people_see_it.people alter column person_type set default 'employee';

create view as_people_see_it.devices as
  select id, hostname, serial_number, asset_tag, model, manufacturer, device_type, operating_system, os_version, status,
         company_id, location_id, room_id, assigned_to_id as assigned_to_person_id, purchase_date, warranty_expiration,
         install_date, notes, created_at, updated_at
  from public.devices;

create view as_people_see_it.networks as
  select id, network_name as name, vlan_id, created_at, updated_at from public.networks;

create view as_people_see_it.groups as
  select id, group_name as name, group_type, description, group_id_external as external_id, notes, created_at, updated_at
  from public.groups;

create view as_people_see_it.custom_field_values as
  select object_type, object_id, field_name, value from jamf_sync.custom_field_values;

create view as_people_see_it.group_members as
  select group_id, person_id, null::uuid as device_id from public.group_members
  union all
  select group_id, null, device_id from jamf_sync.group_device_members;

create function as_people_see_it.add_group_member() returns trigger language plpgsql as $$
begin
  if new.person_id is not null then
    insert into public.group_members (group_id, person_id) values (new.group_id, new.person_id);
  else
    insert into jamf_sync.group_device_members (group_id, device_id) values (new.group_id, new.device_id);
  end if;
  return new;
end $$;

create trigger add_group_member instead of insert on as_people_see_it.group_members
  for each row execute function as_people_see_it.add_group_member();
