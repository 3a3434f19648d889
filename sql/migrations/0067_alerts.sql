-- Alerts (docs/reports-and-alerts.md): what people are told of, once for each cause, and by which way. What was told of held changes
-- plan by plan goes by the same tables.
create table jamf_sync.alerts (
  alert_id bigint generated always as identity primary key,
  integration_id uuid not null,
  kind text not null,
  cause text not null,
  summary text not null,
  remedy text not null default '',
  page text,
  run_id text,
  told_again_after interval not null,
  opened_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  ended_at timestamptz
);
create unique index alerts_open on jamf_sync.alerts (integration_id, kind, cause) where ended_at is null;
comment on table jamf_sync.alerts is 'Causes that people are told of, from when each was first seen until it is over.';
comment on column jamf_sync.alerts.cause is 'Which of its kind: a type of sync, a kind of held change, a collection, a queue.';
comment on column jamf_sync.alerts.summary is 'What happened, as it was last seen; secrets are taken out.';
comment on column jamf_sync.alerts.page is 'The companion''s page of it, below /jamf/.';
comment on column jamf_sync.alerts.run_id is 'The Dagster run after which it was seen.';
comment on column jamf_sync.alerts.told_again_after is 'While it lasts, people are told again after this.';

create table jamf_sync.alert_deliveries (
  alert_id bigint not null references jamf_sync.alerts on delete cascade,
  channel text not null,
  claimed_at timestamptz,
  told_at timestamptz,
  times_told integer not null default 0,
  end_told_at timestamptz,
  primary key (alert_id, channel)
);
comment on table jamf_sync.alert_deliveries is 'By which way people were told of a cause, when, and how often.';
comment on column jamf_sync.alert_deliveries.channel is 'webhook or mail.';
comment on column jamf_sync.alert_deliveries.claimed_at is
  'Since when somebody tells it; taken over by another after a while, for whoever it was may have died.';

drop table jamf_sync.held_alerts;

create table jamf_sync.saved_credentials (
  integration_id uuid primary key,
  saved_at timestamptz not null default now()
);
comment on table jamf_sync.saved_credentials is
  'When the credentials were saved that M.O.S.S. has: those of the Jamf Platform are valid for six months from then.';
