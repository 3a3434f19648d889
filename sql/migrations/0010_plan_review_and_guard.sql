-- Plans of three kinds, which plan a run applies, what a trial found, and what the guard holds until a person releases it.

alter table jamf_sync.plans
  add column kind text not null default 'sync' check (kind in ('sync', 'revert', 'what_if')),
  add column slot timestamptz,
  add column validated_at timestamptz,
  add column guarded_at timestamptz,
  drop constraint plans_status_check,
  add check (status in ('planned', 'applying', 'applied', 'superseded', 'what_if')),
  add check ((kind = 'what_if') = (status = 'what_if'));
comment on column jamf_sync.plans.kind is
  'sync: from the newest captures; revert: undoes an applied plan; what_if: from a stored slot, to be looked at and never applied.';
comment on column jamf_sync.plans.slot is 'The slot a what-if plan was made from.';
comment on column jamf_sync.plans.validated_at is 'When it was last tried against M.O.S.S. in a transaction that was rolled back.';
comment on column jamf_sync.plans.guarded_at is 'When the guard last looked at it.';

alter table jamf_sync.change_plan
  add column held_as text,
  add column split_from bigint,
  drop constraint change_plan_outcome_check,
  add check (outcome in ('applied', 'refused', 'failed', 'held')),
  add check ((outcome = 'held') = (held_as is not null) or outcome is null and held_as is null);
comment on column jamf_sync.change_plan.outcome is
  'Empty while it waits; then applied, refused (M.O.S.S. moved), failed (the database rejected it), or held (by the guard, until approved).';
comment on column jamf_sync.change_plan.held_as is 'The kind of change whose limit holds the row: unenroll, reassign, rename, create.';
comment on column jamf_sync.change_plan.split_from is
  'The row of the same object that this one was taken out of, because only some of its fields are held.';

create table jamf_sync.run_plans (
  run_id text primary key,
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  chosen_at timestamptz not null default now()
);
comment on table jamf_sync.run_plans is 'Which plan a run applies: chosen once, by its first step that needs one.';
create index run_plans_by_plan on jamf_sync.run_plans (plan_id);

create table jamf_sync.plan_problems (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  row_id bigint not null,
  problem text not null check (problem in ('refused', 'failed', 'left_out')),
  detail text not null,
  primary key (plan_id, row_id)
);
comment on table jamf_sync.plan_problems is
  'Rows of a plan that M.O.S.S. would not take as they are, found by applying the plan in a transaction that was rolled back.';

create table jamf_sync.plan_guard (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  kind text not null,
  object_type text not null,
  planned integer not null,
  linked integer not null,
  allowed integer,
  is_over boolean not null,
  primary key (plan_id, kind, object_type)
);
comment on table jamf_sync.plan_guard is
  'What the guard counted in a plan: changes of a kind, beside the linked objects of that type, and how many are allowed (null: any number).';

create table jamf_sync.plan_approvals (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  kind text not null,
  approved_by text not null,
  approved_at timestamptz not null default now(),
  run_id text not null,
  released integer not null,
  primary key (plan_id, kind)
);
comment on table jamf_sync.plan_approvals is 'Who let the changes of a kind through, when, in which run, and how many of them were held.';
comment on column jamf_sync.change_plan.applied_at is 'When it was applied, refused or rejected.';
