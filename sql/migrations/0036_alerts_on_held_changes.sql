-- Which held changes somebody was told of: once per plan and kind, however many runs apply the plan, and however often
-- the sensor that tells looks at them.
create table jamf_sync.held_alerts (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  kind text not null,
  run_id text not null,
  told_at timestamptz not null default now(),
  primary key (plan_id, kind)
);
comment on table jamf_sync.held_alerts is 'Which held changes of a plan were posted to the webhook, after which run.';
