-- Reports that were made (docs/reports-and-alerts.md): each is one page that needs nothing else, kept for whoever opens it later.
create table jamf_sync.reports (
  report_id bigint generated always as identity primary key,
  integration_id uuid not null,
  is_weekly boolean not null,
  made_at timestamptz not null default now(),
  since timestamptz not null,
  run_id text,
  summary text not null,
  page bytea not null
);
create index reports_newest on jamf_sync.reports (integration_id, report_id desc);
comment on table jamf_sync.reports is 'Reports that were made after syncs and weekly; forgotten as captures are, weekly ones as plans.';
comment on column jamf_sync.reports.since is 'From when on it tells what changed.';
comment on column jamf_sync.reports.run_id is 'The Dagster run that made it.';
comment on column jamf_sync.reports.page is 'HTML, compressed (gzip).';
