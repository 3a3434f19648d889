-- Extension attributes: what JAMF defines, which of it is mapped to which custom field of M.O.S.S., and what became of that.
-- No value stands here: values of those that are mapped are in the documents, like any other field; of others nowhere.

create table jamf_sync.extension_attributes (
  integration_id uuid not null,
  record_type text not null,
  definition_id text not null,
  name text not null,
  data_type text not null,
  input_type text not null,
  is_multi_valued boolean not null,
  is_enabled boolean not null,
  choices text[] not null,
  is_gone boolean not null default false,
  devices_with_value integer,
  is_mapped boolean not null default false,
  field_name text,
  label text,
  field_type text,
  is_adopted boolean,
  changed_devices integer,
  busy_captures integer not null default 0,
  judged_capture bigint,
  not_compared_since timestamptz,
  unreadable_devices integer,
  primary key (integration_id, record_type, definition_id)
);
create index extension_attributes_by_field on jamf_sync.extension_attributes (field_name) where field_name is not null;
