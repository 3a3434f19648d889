-- Where a run that writes nothing reads the links of an integration that its next writing run makes again: M.O.S.S.'s own, as far as
-- there are any, and those. Statements of such a run read it in the place of moss_contract.integration_object_mappings().
create temporary table if not exists presumed_links (
  id uuid not null,
  integration_config_id uuid not null,
  external_type text,
  external_id text,
  internal_type text,
  internal_id uuid,
  last_synced_at timestamptz,
  sync_status text,
  external_data jsonb,
  created_at timestamptz
);
create index if not exists presumed_links_records
  on presumed_links (integration_config_id, external_type, external_id);
create index if not exists presumed_links_objects
  on presumed_links (integration_config_id, internal_type, internal_id);
create index if not exists presumed_links_ids on presumed_links (internal_id)
