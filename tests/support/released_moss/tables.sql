-- M.O.S.S. as released (migrations 000-030), as far as a sync of it reads, writes or disturbs: every column, default,
-- CHECK, uniqueness and trigger of these tables, and the indexes that decide a plan. Written from a catalogue of the
-- columns; what the tables are for is M.O.S.S.'s business. No parameters.

-- The released M.O.S.S. asks for two extensions; a server without them gets a function of the same name and goes without
-- the trigram indexes.
do $$
begin
  if exists (select from pg_available_extensions where name = 'uuid-ossp') then
    create extension "uuid-ossp";
  else
    create function uuid_generate_v4() returns uuid language sql volatile as 'select gen_random_uuid()';
  end if;
  if exists (select from pg_available_extensions where name = 'pg_trgm') then
    create extension pg_trgm;
  end if;
end $$;

create function update_updated_at_column() returns trigger language plpgsql as $$
begin
  new.updated_at := current_timestamp;
  return new;
end $$;

create table companies (
  id uuid primary key default uuid_generate_v4(),
  company_name varchar(255) not null,
  company_type varchar(50) not null check (company_type in (
    'own_organization', 'vendor', 'manufacturer', 'service_provider', 'partner', 'customer', 'other')),
  website varchar(255),
  phone varchar(50),
  email varchar(255),
  address text,
  city varchar(100),
  state varchar(100),
  zip varchar(20),
  country varchar(100),
  account_number varchar(100),
  support_url varchar(255),
  support_phone varchar(50),
  support_email varchar(255),
  tax_id varchar(100),
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table locations (
  id uuid primary key default uuid_generate_v4(),
  company_id uuid references companies (id) on delete set null,
  location_name varchar(255) not null,
  address text,
  city varchar(100),
  state varchar(100),
  zip varchar(20),
  country varchar(100),
  location_type varchar(50) check (location_type in (
    'office', 'datacenter', 'colo', 'remote', 'warehouse', 'studio', 'broadcast_facility')),
  timezone varchar(50),
  contact_phone varchar(50),
  access_instructions text,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index idx_locations_name on locations (location_name);
create index idx_locations_name_lower on locations (lower(location_name));

create table rooms (
  id uuid primary key default uuid_generate_v4(),
  location_id uuid not null references locations (id) on delete cascade,
  room_name varchar(255) not null,
  room_number varchar(50),
  room_type varchar(50) check (room_type in (
    'office', 'conference_room', 'server_room', 'closet', 'studio', 'control_room', 'edit_bay', 'storage', 'other')),
  floor varchar(50),
  capacity integer,
  access_requirements varchar(100),
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index idx_rooms_location on rooms (location_id);
create index idx_rooms_name on rooms (room_name);

create table people (
  id uuid primary key default uuid_generate_v4(),
  company_id uuid references companies (id) on delete set null,
  location_id uuid references locations (id) on delete set null,
  full_name varchar(255) not null,
  email varchar(255),
  username varchar(100),
  employee_id varchar(100),
  person_type varchar(50) not null check (person_type in (
    'employee', 'contractor', 'vendor_contact', 'partner', 'customer', 'other')),
  department varchar(100),
  job_title varchar(100),
  phone varchar(50),
  mobile varchar(50),
  start_date date,
  status varchar(50) default 'active' check (status in ('active', 'inactive', 'terminated')),
  manager_id uuid references people (id) on delete set null,
  preferred_contact_method varchar(50),
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
-- No index on username, and neither it nor email is unique.
create index idx_people_email on people (email);
create index idx_people_full_name on people (full_name);
create index idx_people_full_name_lower on people (lower(full_name));
create index idx_people_manager_id on people (manager_id);
create index idx_people_status_type on people (status, person_type);

create table users (
  id uuid primary key default uuid_generate_v4(),
  person_id uuid not null unique references people (id) on delete cascade,
  email varchar(255) not null unique,
  password_hash varchar(255) not null,
  role varchar(50) not null default 'user' check (role in ('user', 'admin', 'super_admin')),
  is_active boolean default true,
  last_login timestamp,
  password_changed_at timestamp default current_timestamp,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table devices (
  id uuid primary key default uuid_generate_v4(),
  parent_device_id uuid references devices (id) on delete cascade,
  assigned_to_id uuid references people (id) on delete set null,
  last_used_by_id uuid references people (id) on delete set null,
  location_id uuid references locations (id) on delete set null,
  room_id uuid references rooms (id) on delete set null,
  company_id uuid references companies (id) on delete set null,
  hostname varchar(255),
  device_type varchar(50) not null check (device_type in (
    'computer', 'server', 'switch', 'router', 'firewall', 'printer', 'mobile', 'iot', 'appliance', 'av_equipment',
    'broadcast_equipment', 'patch_panel', 'ups', 'pdu', 'chassis', 'module', 'blade')),
  serial_number varchar(255),
  model varchar(255),
  manufacturer varchar(255),
  purchase_date date,
  warranty_expiration date,
  install_date date,
  status varchar(50) default 'active' check (status in ('active', 'retired', 'repair', 'storage')),
  asset_tag varchar(100),
  operating_system varchar(100),
  os_version varchar(100),
  last_audit_date date,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  warranty_months integer check (warranty_months is null or warranty_months >= 0),
  -- Case-sensitive and checked row by row; serial numbers are neither unique nor required.
  constraint devices_hostname_unique unique (hostname)
);
create index idx_devices_assigned_to on devices (assigned_to_id);
create index idx_devices_assigned_to_status on devices (assigned_to_id, status) where assigned_to_id is not null;
create index idx_devices_hostname_lower on devices (lower(hostname));
create index idx_devices_last_used_by_id on devices (last_used_by_id);
create index idx_devices_location on devices (location_id);
create index idx_devices_room on devices (room_id);
create index idx_devices_serial on devices (serial_number);
create index idx_devices_status_type_hostname on devices (status, device_type, hostname);
create index idx_devices_updated_at on devices (updated_at desc);

create table networks (
  id uuid primary key default uuid_generate_v4(),
  location_id uuid references locations (id) on delete set null,
  network_name varchar(255) not null,
  network_address varchar(50),
  vlan_id integer,
  network_type varchar(50) check (network_type in (
    'lan', 'wan', 'dmz', 'guest', 'management', 'storage', 'production', 'broadcast')),
  gateway varchar(50),
  dns_servers text,
  dhcp_enabled boolean default false,
  dhcp_range_start varchar(50),
  dhcp_range_end varchar(50),
  description text,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  parent_network_id uuid references networks (id) on delete set null
);

create table ios (
  id uuid primary key default uuid_generate_v4(),
  device_id uuid references devices (id) on delete cascade,
  room_id uuid references rooms (id) on delete set null,
  native_network_id uuid references networks (id) on delete set null,
  connected_to_io_id uuid references ios (id) on delete set null,
  interface_name varchar(255) not null,
  interface_type varchar(50) not null check (interface_type in (
    'ethernet', 'wifi', 'virtual', 'fiber_optic', 'sdi', 'hdmi', 'xlr', 'usb', 'thunderbolt', 'displayport', 'coax',
    'serial', 'patch_panel_port', 'power_input', 'power_output', 'other')),
  media_type varchar(50) check (media_type in (
    'single_mode_fiber', 'multi_mode_fiber', 'cat5e', 'cat6', 'cat6a', 'coax', 'wireless', 'ac_power', 'dc_power', 'poe',
    'other')),
  status varchar(50) default 'active' check (status in ('active', 'inactive', 'monitoring', 'reserved')),
  speed varchar(50),
  duplex varchar(20) check (duplex in ('full', 'half', 'auto', 'n/a')),
  trunk_mode varchar(20) check (trunk_mode in ('access', 'trunk', 'hybrid', 'n/a')),
  port_number varchar(50),
  mac_address varchar(17),
  voltage varchar(20),
  amperage varchar(20),
  wattage varchar(20),
  power_connector_type varchar(50),
  description text,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index idx_ios_device on ios (device_id);
create index idx_ios_mac on ios (mac_address);
create index idx_ios_connected_to on ios (connected_to_io_id);

create table ip_addresses (
  id uuid primary key default uuid_generate_v4(),
  io_id uuid references ios (id) on delete cascade,
  network_id uuid references networks (id) on delete set null,
  ip_address varchar(50) not null,
  ip_version varchar(10) check (ip_version in ('v4', 'v6')),
  type varchar(50) check (type in ('static', 'dhcp', 'reserved', 'floating')),
  dns_name varchar(255),
  assignment_date date,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index idx_ip_addresses_io on ip_addresses (io_id);

create table io_tagged_networks (
  io_id uuid not null references ios (id) on delete cascade,
  network_id uuid not null references networks (id) on delete cascade,
  primary key (io_id, network_id)
);

create table groups (
  id uuid primary key default uuid_generate_v4(),
  group_name varchar(255) not null,
  group_type varchar(50) check (group_type in (
    'active_directory', 'okta', 'google_workspace', 'jamf_smart_group', 'intune', 'custom', 'distribution_list',
    'security')),
  description text,
  group_id_external varchar(255),
  created_date date,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index idx_groups_name on groups (group_name);
create index idx_groups_name_lower on groups (lower(group_name));

-- Groups hold people and nothing else.
create table group_members (
  group_id uuid not null references groups (id) on delete cascade,
  person_id uuid not null references people (id) on delete cascade,
  primary key (group_id, person_id)
);
create index idx_group_members_person on group_members (person_id);

-- Licences, as far as a change of membership reaches them.
create table software_licenses (
  id uuid primary key default uuid_generate_v4(),
  purchased_from_id uuid references companies (id) on delete set null,
  seats_purchased integer,
  seats_assigned integer default 0,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table group_software_licenses (
  group_id uuid not null references groups (id) on delete cascade,
  license_id uuid not null references software_licenses (id) on delete cascade,
  primary key (group_id, license_id)
);

create table person_software_licenses (
  person_id uuid not null references people (id) on delete cascade,
  license_id uuid not null references software_licenses (id) on delete cascade,
  primary key (person_id, license_id)
);

create function update_license_seat_count_for_group() returns trigger language plpgsql as $$
begin
  update software_licenses as license
  set seats_assigned = (
    select count(distinct person_id) from (
      select member.person_id
      from group_software_licenses as assigned
      join group_members as member using (group_id)
      where assigned.license_id = license.id
      union
      select direct.person_id from person_software_licenses as direct
      where direct.license_id = license.id) as people_with_a_seat)
  where license.id in (
    select assigned.license_id from group_software_licenses as assigned
    where assigned.group_id = case tg_op when 'DELETE' then old.group_id else new.group_id end);
  return null;
end $$;

create table custom_fields (
  id uuid primary key default uuid_generate_v4(),
  object_type varchar(50) not null check (object_type in (
    'device', 'person', 'location', 'room', 'network', 'software', 'saas_service', 'software_license', 'document',
    'contract', 'company')),
  field_name varchar(100) not null,
  field_label varchar(255) not null,
  field_type varchar(50) not null check (field_type in (
    'text', 'number', 'select', 'multi_select', 'date', 'boolean', 'textarea', 'url', 'email')),
  field_options jsonb,
  is_required boolean default false,
  display_order integer default 0,
  is_active boolean default true,
  help_text text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  unique (object_type, field_name)
);

create table roles (
  id uuid primary key default uuid_generate_v4(),
  role_name varchar(100) not null,
  description text,
  is_system_role boolean default false,
  created_date date,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  parent_role_id uuid references roles (id) on delete set null,
  constraint chk_roles_no_self_reference check (id <> parent_role_id)
);

create table role_assignments (
  id uuid primary key default uuid_generate_v4(),
  role_id uuid not null references roles (id) on delete cascade,
  person_id uuid references people (id) on delete cascade,
  group_id uuid references groups (id) on delete cascade,
  scope varchar(50) check (scope in ('global', 'location', 'specific_objects')),
  assigned_date date,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  granted_by uuid references users (id) on delete set null,
  check ((person_id is not null and group_id is null) or (person_id is null and group_id is not null))
);

create table object_permissions (
  id uuid primary key default uuid_generate_v4(),
  person_id uuid references people (id) on delete cascade,
  group_id uuid references groups (id) on delete cascade,
  object_type varchar(50) not null,
  object_id uuid not null,
  permission_type varchar(50) not null check (permission_type in ('view', 'edit', 'delete', 'manage_permissions')),
  granted_date date,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  granted_by uuid references users (id) on delete set null,
  check ((person_id is not null and group_id is null) or (person_id is null and group_id is not null))
);

create table integration_configs (
  id uuid primary key default gen_random_uuid(),
  integration_type varchar(50) not null,
  name varchar(255) not null,
  is_enabled boolean not null default false,
  config jsonb not null default '{}',
  credentials_encrypted text,
  sync_schedule varchar(50),
  auto_sync_enabled boolean default false,
  last_sync_at timestamptz,
  last_sync_status varchar(20),
  last_sync_error text,
  sync_settings jsonb default '{}',
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp,
  created_by_user_id uuid references users (id),
  updated_by_user_id uuid references users (id),
  environment varchar(20) not null default 'production' check (environment in ('development', 'staging', 'production')),
  tenant_subdomain varchar(255),
  is_sandbox boolean not null default false,
  access_scope jsonb default '{}',
  constraint unique_integration_name unique (integration_type, name)
);

create table integration_sync_history (
  id uuid primary key default gen_random_uuid(),
  integration_config_id uuid not null references integration_configs (id) on delete cascade,
  sync_started_at timestamptz not null default current_timestamp,
  sync_completed_at timestamptz,
  status varchar(20) not null default 'in_progress',
  items_processed integer default 0,
  items_created integer default 0,
  items_updated integer default 0,
  items_skipped integer default 0,
  items_failed integer default 0,
  error_message text,
  error_details jsonb,
  sync_type varchar(50),
  triggered_by_user_id uuid references users (id),
  duration_seconds numeric(10, 2),
  created_at timestamptz not null default current_timestamp
);
create index idx_sync_history_config on integration_sync_history (integration_config_id);
create index idx_sync_history_started_at on integration_sync_history (sync_started_at desc);

create table integration_object_mappings (
  id uuid primary key default gen_random_uuid(),
  integration_config_id uuid not null references integration_configs (id) on delete cascade,
  external_id varchar(255) not null,
  external_type varchar(50) not null,
  internal_id uuid not null,
  internal_type varchar(50) not null,
  last_synced_at timestamptz not null default current_timestamp,
  sync_status varchar(20) default 'synced',
  external_data jsonb,
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp,
  constraint unique_external_mapping unique (integration_config_id, external_type, external_id),
  constraint unique_internal_mapping unique (integration_config_id, internal_type, internal_id)
);
create index idx_object_mappings_external on integration_object_mappings (external_id, external_type);
create index idx_object_mappings_internal on integration_object_mappings (internal_id, internal_type);
create index idx_object_mappings_sync_status on integration_object_mappings (sync_status);

create table encryption_keys (
  id uuid primary key default uuid_generate_v4(),
  encryption_key text not null,
  description text default 'Auto-generated encryption key',
  created_at timestamp default current_timestamp,
  created_by_user_id uuid references users (id) on delete set null,
  is_active boolean default true,
  rotated_at timestamp,
  replaced_by_key_id uuid references encryption_keys (id) on delete set null
);
create unique index idx_encryption_keys_active on encryption_keys (is_active) where is_active = true;

create table api_tokens (
  id uuid primary key default uuid_generate_v4(),
  user_id uuid not null references users (id) on delete cascade,
  token_name varchar(255) not null,
  token_hash varchar(255) not null unique,
  token_prefix varchar(16) not null,
  scopes jsonb not null default '["read"]',
  last_used_at timestamp,
  last_used_ip varchar(45),
  usage_count integer default 0,
  expires_at timestamp,
  is_active boolean default true,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  unique (user_id, token_name)
);

create table admin_audit_log (
  id uuid primary key default uuid_generate_v4(),
  user_id uuid references users (id) on delete set null,
  action varchar(100) not null,
  category varchar(50) not null,
  target_type varchar(50),
  target_id uuid,
  details jsonb not null,
  ip_address varchar(50),
  user_agent text,
  created_at timestamp default current_timestamp
);

create table schema_migrations (
  id serial primary key,
  migration_number integer not null unique,
  filename varchar(255) not null,
  applied_at timestamp default current_timestamp,
  application_version varchar(20),
  execution_time_ms integer,
  status varchar(20) default 'completed',
  error_message text,
  checksum varchar(64)
);
insert into schema_migrations (migration_number, filename)
select number, format('%s.sql', lpad(number::text, 3, '0')) from generate_series(0, 30) as number;

-- Every UPDATE bumps updated_at, whether it changes anything or not.
do $$
declare
  table_name text;
begin
  foreach table_name in array array[
    'companies', 'locations', 'rooms', 'people', 'users', 'devices', 'networks', 'ios', 'ip_addresses', 'groups',
    'software_licenses', 'custom_fields', 'roles', 'api_tokens', 'role_assignments', 'object_permissions',
    'integration_configs', 'integration_object_mappings']
  loop
    execute format(
      'create trigger %I before update on public.%I for each row execute function update_updated_at_column()',
      'update_' || table_name || '_updated_at', table_name);
  end loop;
end $$;

create trigger update_license_seats_after_member_insert after insert on group_members
  for each row execute function update_license_seat_count_for_group();
create trigger update_license_seats_after_member_delete after delete on group_members
  for each row execute function update_license_seat_count_for_group();

do $$
begin
  if exists (select from pg_extension where extname = 'pg_trgm') then
    create index idx_locations_name_trgm on locations using gin (location_name gin_trgm_ops);
    create index idx_people_email_trgm on people using gin (email gin_trgm_ops);
    create index idx_people_name_trgm on people using gin (full_name gin_trgm_ops);
    create index idx_devices_hostname_trgm on devices using gin (hostname gin_trgm_ops);
    create index idx_devices_model_trgm on devices using gin (model gin_trgm_ops);
  end if;
end $$;
