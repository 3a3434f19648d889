-- The relations of the contract over M.O.S.S. as released, each a function without arguments. Reads
-- nothing. The bodies are strings and the functions stable SQL, so PostgreSQL tracks no dependency
-- on M.O.S.S.'s columns and still writes the bodies into the statements that use them. Each column
-- is cast to the type that the contract declares: one whose type M.O.S.S. changes is read as
-- before. They act with the caller's rights.

create function moss_contract.locations() returns table (
  id uuid, name text
)
language sql stable as $$
  select
    id::uuid, location_name::text as name
  from public.locations
$$;

create function moss_contract.rooms() returns table (
  id uuid, location_id uuid, name text
)
language sql stable as $$
  select
    id::uuid, location_id::uuid, room_name::text as name
  from public.rooms
$$;

create function moss_contract.people() returns table (
  id uuid, username text, full_name text, email_address text, phone_number text, job_title text,
  department text, person_type text, notes text
)
language sql stable as $$
  select
    id::uuid, username::text, full_name::text, email::text as email_address,
    phone::text as phone_number, job_title::text, department::text, person_type::text, notes::text
  from public.people
$$;

create function moss_contract.devices() returns table (
  id uuid, hostname text, serial_number text, asset_tag text, model text, manufacturer text,
  device_type text, operating_system text, os_version text, location_id uuid, room_id uuid,
  assigned_to_person_id uuid, notes text
)
language sql stable as $$
  select
    id::uuid, hostname::text, serial_number::text, asset_tag::text, model::text, manufacturer::text,
    device_type::text, operating_system::text, os_version::text, location_id::uuid, room_id::uuid,
    assigned_to_id::uuid as assigned_to_person_id, notes::text
  from public.devices
$$;

create function moss_contract.ios() returns table (
  id uuid, device_id uuid, interface_name text, interface_type text, mac_address text
)
language sql stable as $$
  select
    id::uuid, device_id::uuid, interface_name::text, interface_type::text, mac_address::text
  from public.ios
$$;

create function moss_contract.groups() returns table (
  id uuid, name text, group_type text, external_id text
)
language sql stable as $$
  select
    id::uuid, group_name::text as name, group_type::text, group_id_external::text as external_id
  from public.groups
$$;

create function moss_contract.group_device_members() returns table (
  group_id uuid, device_id uuid
)
language sql stable as $$
  select
    group_id::uuid, device_id::uuid
  from jamf_sync.group_device_members
$$;

create function moss_contract.group_person_members() returns table (
  group_id uuid, person_id uuid
)
language sql stable as $$
  select
    group_id::uuid, person_id::uuid
  from public.group_members
$$;

create function moss_contract.custom_field_values() returns table (
  object_type text, object_id uuid, field_name text, value text
)
language sql stable as $$
  select
    object_type::text, object_id::uuid, field_name::text, value::text
  from jamf_sync.custom_field_values
$$;

create function moss_contract.custom_fields() returns table (
  object_type text, field_name text, field_label text, field_type text, field_options jsonb
)
language sql stable as $$
  select
    object_type::text, field_name::text, field_label::text, field_type::text, field_options::jsonb
  from public.custom_fields
$$;

create function moss_contract.users() returns table (
  id uuid, email text
)
language sql stable as $$
  select
    id::uuid, email::text
  from public.users
  where is_active is not false
$$;

create function moss_contract.groups_with_rights() returns table (
  group_id uuid
)
language sql stable as $$
  select
    group_id::uuid
  from public.role_assignments
  where group_id is not null
  union
  select
    group_id::uuid
  from public.object_permissions
  where group_id is not null
$$;

create function moss_contract.integration_configs() returns table (
  id uuid, integration_type text, name text, is_enabled boolean, config jsonb, sync_schedule text,
  auto_sync_enabled boolean, sync_settings jsonb, environment text, access_scope jsonb,
  last_sync_at timestamptz, last_sync_status text, last_sync_error text
)
language sql stable as $$
  select stored.*
  from (select null::text as environment, null::jsonb as access_scope) as absent
  cross join lateral (
    select
      id::uuid, integration_type::text, name::text, is_enabled::boolean, config::jsonb,
      sync_schedule::text, auto_sync_enabled::boolean, sync_settings::jsonb,
      coalesce(environment::text, 'production') as environment,
      coalesce(access_scope::jsonb, '{}') as access_scope, last_sync_at::timestamptz,
      last_sync_status::text, last_sync_error::text
    from public.integration_configs
  ) as stored
$$;

create function moss_contract.integration_credentials() returns table (
  id uuid, credentials_encrypted text
)
language sql stable as $$
  select
    id::uuid, credentials_encrypted::text
  from public.integration_configs
$$;

create function moss_contract.integration_sync_history() returns table (
  id uuid, integration_config_id uuid, sync_started_at timestamptz, sync_completed_at timestamptz,
  status text, items_processed integer, items_created integer, items_updated integer,
  items_skipped integer, items_failed integer, error_message text, error_details jsonb,
  sync_type text, triggered_by_user_id uuid, duration_seconds numeric
)
language sql stable as $$
  select
    id::uuid, integration_config_id::uuid, sync_started_at::timestamptz,
    sync_completed_at::timestamptz, status::text, items_processed::integer, items_created::integer,
    items_updated::integer, items_skipped::integer, items_failed::integer, error_message::text,
    error_details::jsonb, sync_type::text, triggered_by_user_id::uuid, duration_seconds::numeric
  from public.integration_sync_history
$$;

create function moss_contract.integration_object_mappings() returns table (
  id uuid, integration_config_id uuid, external_type text, external_id text, internal_type text,
  internal_id uuid, last_synced_at timestamptz, sync_status text, external_data jsonb,
  created_at timestamptz
)
language sql stable as $$
  select
    id::uuid, integration_config_id::uuid, external_type::text, external_id::text,
    internal_type::text, internal_id::uuid, last_synced_at::timestamptz, sync_status::text,
    external_data::jsonb, created_at::timestamptz
  from public.integration_object_mappings
$$;
