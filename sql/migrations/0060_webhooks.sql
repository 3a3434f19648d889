-- JAMF's webhooks (docs/webhooks.md): who may send them, what they hinted at and waits to be looked at, and how many came.
-- No personal data: of an event its name, the record it names and its time are kept, until a run has looked.
create table jamf_sync.webhook_secrets (
  secret_id bigint generated always as identity primary key,
  integration_id uuid not null,
  secret_hash bytea not null check (octet_length(secret_hash) = 32),
  made_by text not null,
  made_at timestamptz not null default now(),
  last_used_at timestamptz,
  retired_by text,
  retired_at timestamptz,
  check ((retired_by is null) = (retired_at is null))
);
create index webhook_secrets_in_force on jamf_sync.webhook_secrets (integration_id) where retired_at is null;
comment on table jamf_sync.webhook_secrets is
  'SHA-256 of the secrets by which JAMF is known when it calls: one of an integration, two while one takes the other''s place.';

create table jamf_sync.webhook_events (
  event_id bigint generated always as identity primary key,
  integration_id uuid not null,
  event text not null,
  record_type text not null check (record_type in ('computer', 'user')),
  jamf_id text not null,
  event_at timestamptz,
  first_received_at timestamptz not null default now(),
  received_at timestamptz not null default now(),
  times integer not null default 1,
  taken_by text,
  taken_at timestamptz,
  attempts integer not null default 0,
  check ((taken_by is null) = (taken_at is null))
);
comment on table jamf_sync.webhook_events is
  'Records that JAMF''s webhooks named and no run has looked at: hints, never facts. One row, however often the same came.';
comment on column jamf_sync.webhook_events.event_at is 'When it happened, by JAMF''s clock; null if it did not say.';
comment on column jamf_sync.webhook_events.taken_by is
  'The run that looks; it is taken again if that run fails or dies (webhooks/take_events).';
create unique index webhook_events_waiting on jamf_sync.webhook_events (integration_id, event, record_type, jamf_id)
  where taken_by is null;
create index webhook_events_by_integration on jamf_sync.webhook_events (integration_id, first_received_at);

create table jamf_sync.webhook_counts (
  integration_id uuid not null,
  event text not null,
  received bigint not null default 0,
  last_received_at timestamptz not null,
  primary key (integration_id, event)
);
comment on table jamf_sync.webhook_counts is
  'How many events of each kind came that are stored no longer, or never were because nothing synced follows from them.';

create table jamf_sync.webhook_unknown_records (
  integration_id uuid not null,
  record_type text not null check (record_type in ('computer', 'user')),
  jamf_id text not null,
  until timestamptz not null,
  primary key (integration_id, record_type, jamf_id)
);
comment on table jamf_sync.webhook_unknown_records is
  'Records that events named and JAMF does not have: until then nobody asks for them again, whoever names them.';
