-- The contract over M.O.S.S. as the strategy document writes it.
-- Replaces: every view of schema moss_contract, its vocabulary and its capabilities. Reads nothing.
-- The views are simple, so PostgreSQL makes them updatable: transforms insert and update through them and never
-- name a M.O.S.S. table. The same views over the released M.O.S.S. are another file beside this one.

create or replace view moss_contract.integration_configs as
  select id, integration_type, name, is_enabled, config, sync_schedule, auto_sync_enabled, sync_settings,
         environment, last_sync_at, last_sync_status, last_sync_error
  from public.integration_configs;

create or replace view moss_contract.integration_sync_history as
  select id, integration_config_id, sync_started_at, sync_completed_at, status, items_processed, items_created,
         items_updated, items_skipped, items_failed, error_message, error_details, sync_type, duration_seconds
  from public.integration_sync_history;

create or replace view moss_contract.integration_object_mappings as
  select id, integration_config_id, external_type, external_id, internal_type, internal_id, last_synced_at,
         sync_status, external_data
  from public.integration_object_mappings;

create or replace view moss_contract.locations as
  select id, name from public.locations;

create or replace view moss_contract.rooms as
  select id, location_id, name from public.rooms;

create or replace view moss_contract.people as
  select id, username, full_name, email_address, phone_number, job_title, person_type, notes from public.people;

create or replace view moss_contract.devices as
  select id, hostname, serial_number, asset_tag, model, manufacturer, device_type, operating_system, os_version,
         location_id, room_id, assigned_to_person_id, notes
  from public.devices;

create or replace view moss_contract.ios as
  select id, device_id, interface_name, interface_type, mac_address from public.ios;

create or replace view moss_contract.groups as
  select id, name, group_type, external_id from public.groups;

create or replace view moss_contract.group_device_members as
  select group_id, device_id from public.group_members where device_id is not null;

create or replace view moss_contract.group_person_members as
  select group_id, person_id from public.group_members where person_id is not null;

create or replace view moss_contract.custom_field_values as
  select object_type, object_id, field_name, value from public.custom_field_values;

insert into moss_contract.vocabulary (domain, canonical, accepted) values
  ('device_type', 'laptop', 'Laptop'),
  ('device_type', 'workstation', 'Workstation'),
  ('device_type', 'mobile_device', 'Mobile Device'),
  ('group_type', 'static', 'custom'),
  ('group_type', 'smart', 'jamf_smart'),
  ('interface_type', 'ethernet', 'ethernet'),
  ('interface_type', 'wifi', 'wifi'),
  ('interface_type', 'other', 'other'),
  ('person_type', 'employee', 'employee');

insert into moss_contract.capabilities (name, is_available, meaning) values
  ('group_members_hold_devices', true, 'group_members can name a device, so static groups list their devices'),
  ('hostname_is_unique', false, 'two devices may carry one hostname');
