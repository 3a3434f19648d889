-- Captures and what they hold: allow-listed JAMF documents, kept as versions (DESIGN, "Slots, snapshots, backfills").
-- A version is valid from the capture that first saw it up to, not including, the capture that saw it changed or
-- gone; the snapshot of a capture is the set of versions valid at it. An unchanged fleet writes no version.

create table jamf_sync.captures (
  capture_id bigint generated always as identity primary key,
  integration_id uuid not null,
  collection text not null check (collection in ('computers', 'users', 'groups', 'buildings', 'departments')),
  status text not null default 'capturing' check (status in ('capturing', 'complete', 'incomplete', 'failed')),
  started_at timestamptz not null default now(),
  captured_at timestamptz,
  server text not null,
  server_version text,
  endpoint text,
  total_count integer,
  captured_count integer,
  changed_count integer,
  removed_count integer,
  rejected_count integer,
  requests integer,
  bytes_received bigint,
  incomplete_reasons text[] not null default '{}'
);
comment on table jamf_sync.captures is 'One pull of one JAMF collection.';
comment on column jamf_sync.captures.total_count is 'What JAMF said it has (totalCount of the last page).';
comment on column jamf_sync.captures.server is 'The JAMF Pro server it came from, without credentials.';
create index captures_newest on jamf_sync.captures (integration_id, collection, capture_id desc)
  where status in ('complete', 'incomplete');

create table jamf_sync.slot_captures (
  integration_id uuid not null,
  collection text not null,
  slot timestamptz not null,
  capture_id bigint not null references jamf_sync.captures on delete cascade,
  primary key (integration_id, collection, slot)
);
comment on table jamf_sync.slot_captures is 'Which capture covers a slot; several slots of an outage may share one.';

create sequence jamf_sync.raw_jamf_version_id;

create table jamf_sync.raw_jamf (
  collection text not null,
  version_id bigint not null default nextval('jamf_sync.raw_jamf_version_id'),
  integration_id uuid not null,
  jamf_id text not null,
  content_hash bytea not null,
  document jsonb not null,
  valid_from_capture bigint not null,
  valid_to_capture bigint,
  primary key (collection, version_id)
) partition by list (collection);
comment on table jamf_sync.raw_jamf is 'Versions of the allow-listed JAMF documents, one partition per collection.';
create unique index raw_jamf_current on jamf_sync.raw_jamf (collection, integration_id, jamf_id)
  where valid_to_capture is null;
create index raw_jamf_closed on jamf_sync.raw_jamf (collection, integration_id, valid_to_capture)
  where valid_to_capture is not null;

create table jamf_sync.raw_jamf_computers partition of jamf_sync.raw_jamf for values in ('computers');
create table jamf_sync.raw_jamf_users partition of jamf_sync.raw_jamf for values in ('users');
create table jamf_sync.raw_jamf_groups partition of jamf_sync.raw_jamf for values in ('groups');
create table jamf_sync.raw_jamf_buildings partition of jamf_sync.raw_jamf for values in ('buildings');
create table jamf_sync.raw_jamf_departments partition of jamf_sync.raw_jamf for values in ('departments');

-- Contact times change with every check-in; kept once, current, so that they never make a new version.
create table jamf_sync.jamf_computer_contacts (
  integration_id uuid not null,
  jamf_id text not null,
  last_contact_at timestamptz,
  reported_at timestamptz,
  primary key (integration_id, jamf_id)
) with (fillfactor = 70);
comment on table jamf_sync.jamf_computer_contacts is 'The volatile values of a computer: when JAMF last heard of it.';

create table jamf_sync.quarantine (
  quarantine_id bigint generated always as identity primary key,
  integration_id uuid not null,
  collection text not null,
  jamf_id text,
  version_id bigint,
  capture_id bigint references jamf_sync.captures on delete cascade,
  field text,
  reason text not null,
  detail text not null,
  is_whole_record boolean not null,
  created_at timestamptz not null default now(),
  check (num_nonnulls(version_id, capture_id) = 1)
);
comment on table jamf_sync.quarantine is
  'What could not be used and why: by version (found while staging) or by capture (JAMF could not serve it).';
comment on column jamf_sync.quarantine.is_whole_record is 'False: only one field was left out, the rest is synced.';
create index quarantine_by_version on jamf_sync.quarantine (version_id) where version_id is not null;
create index quarantine_by_capture on jamf_sync.quarantine (capture_id) where capture_id is not null;
