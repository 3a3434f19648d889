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
