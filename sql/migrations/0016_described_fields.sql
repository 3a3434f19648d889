-- What of a computer is only compared and written moves into one column, by its name in the contract: a new field of
-- that kind needs no migration. What matching reads keeps its own columns. The model identifier told only the form
-- factor, and that is worked out while staging.

alter table jamf_sync.jamf_computers_snapshot
  add column described jsonb not null default '{}';

update jamf_sync.jamf_computers_snapshot
set described = jsonb_build_object(
  'model', model, 'manufacturer', manufacturer, 'operating_system', os_name,
  'os_version', os_version, 'os_build', os_build, 'form_factor', form_factor,
  'barcode_1', barcode_1, 'barcode_2', barcode_2, 'asset_tag', asset_tag);

alter table jamf_sync.jamf_computers_snapshot
  drop column model,
  drop column model_identifier,
  drop column manufacturer,
  drop column form_factor,
  drop column os_name,
  drop column os_version,
  drop column os_build,
  drop column asset_tag,
  drop column barcode_1,
  drop column barcode_2;

comment on column jamf_sync.jamf_computers_snapshot.described is
  'The fields that are only compared and written, by their names in the contract.';
comment on table jamf_sync.field_ownership is
  'Who wins a field: catalogue/fields.csv with the integration''s own overrides, as the last plan used it.';
