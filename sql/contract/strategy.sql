-- The contract over M.O.S.S. as the strategy document writes it as views. Reads nothing.
-- The views are simple, so PostgreSQL makes them updatable: transforms insert and update through them and never
-- name a M.O.S.S. table. The same views over the released M.O.S.S. are release.sql.

create view moss_contract.locations as
  select id, name from public.locations;

create view moss_contract.rooms as
  select id, location_id, name from public.rooms;

create view moss_contract.people as
  select id, username, full_name, email_address, phone_number, job_title, person_type, notes from public.people;

create view moss_contract.devices as
  select id, hostname, serial_number, asset_tag, model, manufacturer, device_type, operating_system, os_version,
         location_id, room_id, assigned_to_person_id, notes
  from public.devices;

create view moss_contract.ios as
  select id, device_id, interface_name, interface_type, mac_address from public.ios;

create view moss_contract.groups as
  select id, name, group_type, external_id from public.groups;

create view moss_contract.group_device_members as
  select group_id, device_id from public.group_members where device_id is not null;

create view moss_contract.group_person_members as
  select group_id, person_id from public.group_members where person_id is not null;

create view moss_contract.custom_field_values as
  select object_type, object_id, field_name, value from public.custom_field_values;

-- The strategy knows neither log-ins nor rights that a group may grant.
create view moss_contract.users as
  select null::uuid as id, null::text as email where false;

create view moss_contract.groups_with_rights as
  select null::uuid as group_id where false;
