-- Snapshots: one typed, normalised row per version of a document (columns: staging.SNAPSHOT_COLUMNS).
-- Which rows make up the snapshot of a capture is answered by the functions below, used by matching and planning.

create table jamf_sync.jamf_computers_snapshot (
  version_id bigint primary key,
  jamf_id text not null,
  udid text,
  management_id text,
  serial_number text,
  hostname text,
  model text,
  model_identifier text,
  manufacturer text,
  form_factor text,
  os_name text,
  os_version text,
  os_build text,
  asset_tag text,
  barcode_1 text,
  barcode_2 text,
  username text,
  full_name text,
  email text,
  phone text,
  job_title text,
  building_id text,
  department_id text,
  room text,
  mac_address text,
  mac_interface_type text,
  alt_mac_address text,
  alt_mac_interface_type text,
  is_managed boolean,
  is_personally_owned boolean,
  enrolled_at timestamptz,
  static_group_ids text[],
  is_usable boolean not null,
  staging_rules integer not null
);

create table jamf_sync.jamf_users_snapshot (
  version_id bigint primary key,
  jamf_id text not null,
  username text,
  full_name text,
  email text,
  phone text,
  job_title text,
  is_usable boolean not null,
  staging_rules integer not null
);

create table jamf_sync.jamf_groups_snapshot (
  version_id bigint primary key,
  jamf_id text not null,
  name text,
  description text,
  is_smart boolean,
  is_usable boolean not null,
  staging_rules integer not null
);

create table jamf_sync.jamf_buildings_snapshot (
  version_id bigint primary key,
  jamf_id text not null,
  name text,
  is_usable boolean not null,
  staging_rules integer not null
);

create table jamf_sync.jamf_departments_snapshot (
  version_id bigint primary key,
  jamf_id text not null,
  name text,
  is_usable boolean not null,
  staging_rules integer not null
);

-- Plain SQL functions of one SELECT: the planner inlines them, so they cost no more than the join written out.
create function jamf_sync.raw_jamf_at(p_integration_id uuid, p_collection text, p_capture_id bigint)
returns setof jamf_sync.raw_jamf language sql stable as $$
  select * from jamf_sync.raw_jamf
  where collection = p_collection and integration_id = p_integration_id
    and valid_from_capture <= p_capture_id and (valid_to_capture is null or valid_to_capture > p_capture_id)
$$;

create function jamf_sync.jamf_computers_at(p_integration_id uuid, p_capture_id bigint)
returns setof jamf_sync.jamf_computers_snapshot language sql stable as $$
  select snapshot.* from jamf_sync.raw_jamf_computers as raw
  join jamf_sync.jamf_computers_snapshot as snapshot using (version_id)
  where raw.integration_id = p_integration_id and raw.valid_from_capture <= p_capture_id
    and (raw.valid_to_capture is null or raw.valid_to_capture > p_capture_id)
$$;

create function jamf_sync.jamf_users_at(p_integration_id uuid, p_capture_id bigint)
returns setof jamf_sync.jamf_users_snapshot language sql stable as $$
  select snapshot.* from jamf_sync.raw_jamf_users as raw
  join jamf_sync.jamf_users_snapshot as snapshot using (version_id)
  where raw.integration_id = p_integration_id and raw.valid_from_capture <= p_capture_id
    and (raw.valid_to_capture is null or raw.valid_to_capture > p_capture_id)
$$;

create function jamf_sync.jamf_groups_at(p_integration_id uuid, p_capture_id bigint)
returns setof jamf_sync.jamf_groups_snapshot language sql stable as $$
  select snapshot.* from jamf_sync.raw_jamf_groups as raw
  join jamf_sync.jamf_groups_snapshot as snapshot using (version_id)
  where raw.integration_id = p_integration_id and raw.valid_from_capture <= p_capture_id
    and (raw.valid_to_capture is null or raw.valid_to_capture > p_capture_id)
$$;

create function jamf_sync.jamf_buildings_at(p_integration_id uuid, p_capture_id bigint)
returns setof jamf_sync.jamf_buildings_snapshot language sql stable as $$
  select snapshot.* from jamf_sync.raw_jamf_buildings as raw
  join jamf_sync.jamf_buildings_snapshot as snapshot using (version_id)
  where raw.integration_id = p_integration_id and raw.valid_from_capture <= p_capture_id
    and (raw.valid_to_capture is null or raw.valid_to_capture > p_capture_id)
$$;

create view jamf_sync.staged_versions as
  select 'computers' as collection, version_id, staging_rules from jamf_sync.jamf_computers_snapshot
  union all select 'users', version_id, staging_rules from jamf_sync.jamf_users_snapshot
  union all select 'groups', version_id, staging_rules from jamf_sync.jamf_groups_snapshot
  union all select 'buildings', version_id, staging_rules from jamf_sync.jamf_buildings_snapshot
  union all select 'departments', version_id, staging_rules from jamf_sync.jamf_departments_snapshot;
comment on view jamf_sync.staged_versions is 'Which versions have a typed row, and of which staging rules.';
