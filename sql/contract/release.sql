-- The contract over M.O.S.S. as released (migrations 001-030) as views. Reads nothing.
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
