-- M.O.S.S. as the strategy document writes it, for the embedded database: the demo and the tests need no
-- M.O.S.S. installation. Column names follow the strategy; where it is silent (audit columns, vocabularies of
-- fields the sync never touches) they follow what the released M.O.S.S. does, so that its traps are met here too:
-- every UPDATE bumps updated_at, serial numbers are not unique, mappings are unique in both directions.

create function public.bump_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := current_timestamp;
  return new;
end $$;

create table public.companies (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  company_type varchar(50) not null default 'own_organization',
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table public.locations (
  id uuid primary key default gen_random_uuid(),
  company_id uuid references public.companies (id) on delete set null,
  name varchar(255) not null,
  location_type varchar(50) default 'office',
  address text,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table public.rooms (
  id uuid primary key default gen_random_uuid(),
  location_id uuid not null references public.locations (id) on delete cascade,
  name varchar(255) not null,
  room_number varchar(50),
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index rooms_location on public.rooms (location_id);

create table public.people (
  id uuid primary key default gen_random_uuid(),
  company_id uuid references public.companies (id) on delete set null,
  location_id uuid references public.locations (id) on delete set null,
  username varchar(100),
  full_name varchar(255) not null,
  email_address varchar(255),
  phone_number varchar(50),
  job_title varchar(100),
  department varchar(100),
  person_type varchar(50) not null default 'employee'
    check (person_type in ('employee', 'contractor', 'vendor_contact', 'partner', 'customer', 'other')),
  status varchar(50) default 'active' check (status in ('active', 'inactive', 'terminated')),
  manager_id uuid references public.people (id) on delete set null,
  hire_date date,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table public.devices (
  id uuid primary key default gen_random_uuid(),
  hostname varchar(255),
  serial_number varchar(255),
  asset_tag varchar(100),
  model varchar(255),
  manufacturer varchar(255),
  device_type varchar(50) not null
    check (device_type in ('Workstation', 'Laptop', 'Mobile Device', 'Server', 'Network', 'AV Equipment', 'Other')),
  operating_system varchar(100),
  os_version varchar(100),
  status varchar(50) default 'active' check (status in ('active', 'retired', 'repair', 'storage')),
  company_id uuid references public.companies (id) on delete set null,
  location_id uuid references public.locations (id) on delete set null,
  room_id uuid references public.rooms (id) on delete set null,
  assigned_to_person_id uuid references public.people (id) on delete set null,
  purchase_date date,
  warranty_expiration date,
  install_date date,
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index devices_serial_number on public.devices (serial_number);
create index devices_assigned_to_person on public.devices (assigned_to_person_id);

create table public.networks (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  vlan_id integer,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table public.ios (
  id uuid primary key default gen_random_uuid(),
  device_id uuid references public.devices (id) on delete cascade,
  interface_name varchar(255) not null,
  interface_type varchar(50) not null
    check (interface_type in ('ethernet', 'wifi', 'virtual', 'fiber_optic', 'usb', 'thunderbolt', 'other')),
  mac_address varchar(17),
  native_network_id uuid references public.networks (id) on delete set null,
  connected_to_io_id uuid references public.ios (id) on delete set null,
  port_number varchar(50),
  trunk_mode varchar(20),
  status varchar(50) default 'active',
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);
create index ios_device on public.ios (device_id);
create index ios_mac_address on public.ios (mac_address);

create table public.groups (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  group_type varchar(50) default 'custom'
    check (group_type in ('custom', 'jamf_smart', 'active_directory', 'okta', 'google_workspace', 'security')),
  description text,
  external_id varchar(255),
  notes text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

-- A group holds people and devices; one row names exactly one of them.
create table public.group_members (
  group_id uuid not null references public.groups (id) on delete cascade,
  person_id uuid references public.people (id) on delete cascade,
  device_id uuid references public.devices (id) on delete cascade,
  created_at timestamp default current_timestamp,
  check (num_nonnulls(person_id, device_id) = 1)
);
create unique index group_members_person on public.group_members (group_id, person_id) where person_id is not null;
create unique index group_members_device on public.group_members (group_id, device_id) where device_id is not null;
create index group_members_by_person on public.group_members (person_id);
create index group_members_by_device on public.group_members (device_id);

create table public.custom_fields (
  object_type varchar(50) not null,
  field_name varchar(100) not null,
  field_label varchar(255) not null,
  field_type varchar(50) not null default 'text',
  is_active boolean default true,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  primary key (object_type, field_name)
);

create table public.custom_field_values (
  object_type varchar(50) not null,
  object_id uuid not null,
  field_name varchar(100) not null,
  value text,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp,
  primary key (object_type, object_id, field_name),
  foreign key (object_type, field_name) references public.custom_fields (object_type, field_name)
);

create table public.integration_configs (
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
  environment varchar(20) not null default 'production'
    check (environment in ('development', 'staging', 'production')),
  access_scope jsonb default '{}',
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp,
  constraint unique_integration_name unique (integration_type, name)
);

create table public.integration_sync_history (
  id uuid primary key default gen_random_uuid(),
  integration_config_id uuid not null references public.integration_configs (id) on delete cascade,
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
  triggered_by_user_id uuid,
  duration_seconds numeric(10, 2),
  created_at timestamptz not null default current_timestamp
);
create index integration_sync_history_config on public.integration_sync_history (integration_config_id, sync_started_at);

create table public.integration_object_mappings (
  id uuid primary key default gen_random_uuid(),
  integration_config_id uuid not null references public.integration_configs (id) on delete cascade,
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

-- Generated from moss_jamf_pipeline/catalogue/fields.csv by `make generate`:
insert into public.custom_fields (object_type, field_name, field_label) values
  ('person', 'imported_from_jamf', 'Imported from JAMF'),
  ('device', 'model_identifier', 'Model identifier'),
  ('device', 'processor_type', 'Processor type'),
  ('device', 'os_build', 'OS build'),
  ('device', 'form_factor', 'Form factor'),
  ('device', 'barcode_1', 'Barcode 1'),
  ('device', 'barcode_2', 'Barcode 2'),
  ('device', 'imei', 'IMEI'),
  ('device', 'phone_number', 'Phone number'),
  ('device', 'jamf_enrollment_status', 'JAMF enrolment status');
-- End of what is generated.

create trigger companies_updated_at before update on public.companies for each row execute function public.bump_updated_at();
create trigger locations_updated_at before update on public.locations for each row execute function public.bump_updated_at();
create trigger rooms_updated_at before update on public.rooms for each row execute function public.bump_updated_at();
create trigger people_updated_at before update on public.people for each row execute function public.bump_updated_at();
create trigger devices_updated_at before update on public.devices for each row execute function public.bump_updated_at();
create trigger networks_updated_at before update on public.networks for each row execute function public.bump_updated_at();
create trigger ios_updated_at before update on public.ios for each row execute function public.bump_updated_at();
create trigger groups_updated_at before update on public.groups for each row execute function public.bump_updated_at();
create trigger custom_field_values_updated_at before update on public.custom_field_values
  for each row execute function public.bump_updated_at();
create trigger integration_configs_updated_at before update on public.integration_configs
  for each row execute function public.bump_updated_at();
create trigger integration_object_mappings_updated_at before update on public.integration_object_mappings
  for each row execute function public.bump_updated_at();
