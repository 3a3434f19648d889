-- Who is who (DESIGN, "Identity"): one row per JAMF object of the newest snapshots, with the M.O.S.S. object it is and
-- the reason. An id with outcome 'create' is chosen here and kept until the object exists, so that later steps can
-- refer to it and a run that died half-way creates the same object, not a second one.

create table jamf_sync.location_matches (
  integration_id uuid not null,
  jamf_id text not null,
  name text not null,
  location_id uuid,
  outcome text not null check (outcome in ('mapped', 'matched', 'shared', 'create', 'ambiguous', 'missing', 'deleted_internal')),
  matched_by text,
  primary key (integration_id, jamf_id)
);
comment on column jamf_sync.location_matches.outcome is
  'shared: a second building of that name, same location, no mapping of its own; missing: unknown to M.O.S.S. and creating is off.';

create table jamf_sync.room_matches (
  integration_id uuid not null,
  location_id uuid not null,
  room_key text not null,
  name text not null,
  room_id uuid,
  outcome text not null check (outcome in ('matched', 'create', 'ambiguous', 'missing')),
  primary key (integration_id, location_id, room_key)
);

create table jamf_sync.person_matches (
  integration_id uuid not null,
  external_type text not null check (external_type in ('user', 'computer_user')),
  external_id text not null,
  username text,
  full_name text,
  email text,
  phone text,
  job_title text,
  username_key text,
  email_key text,
  person_id uuid,
  outcome text not null
    check (outcome in ('mapped', 'moved', 'matched', 'create', 'twin', 'ambiguous', 'deleted_internal')),
  matched_by text,
  previous_external_type text,
  previous_external_id text,
  primary key (integration_id, external_type, external_id)
);
comment on column jamf_sync.person_matches.external_type is
  'user: a JAMF user record; computer_user: named only by a computer, external_id is the folded user name or e-mail.';
create index person_matches_username on jamf_sync.person_matches (integration_id, username_key);
create index person_matches_email on jamf_sync.person_matches (integration_id, email_key);

create table jamf_sync.device_matches (
  integration_id uuid not null,
  jamf_id text not null,
  version_id bigint not null,
  device_id uuid,
  outcome text not null
    check (outcome in ('mapped', 'moved', 'matched', 'held', 'create', 'twin', 'ambiguous', 'deleted_internal')),
  matched_by text,
  previous_jamf_id text,
  twin_of text,
  person_id uuid,
  location_id uuid,
  room_id uuid,
  primary key (integration_id, jamf_id)
);
create index device_matches_device on jamf_sync.device_matches (integration_id, device_id);

create table jamf_sync.group_matches (
  integration_id uuid not null,
  jamf_id text not null,
  name text not null,
  is_smart boolean not null,
  group_id uuid,
  outcome text not null check (outcome in ('mapped', 'matched', 'create', 'ambiguous', 'deleted_internal')),
  matched_by text,
  primary key (integration_id, jamf_id)
);
