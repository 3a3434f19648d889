-- Plans: every change a sync would make, and, once applied, what became of it. The applied rows are the change log.

create table jamf_sync.field_ownership (
  integration_id uuid not null,
  object_type text not null,
  field text not null,
  owner text not null check (owner in ('JAMF', 'M.O.S.S.')),
  on_create text not null check (on_create in ('write', 'default', 'never')),
  on_update text not null check (on_update in ('overwrite', 'fill', 'never')),
  on_null text not null check (on_null in ('keep', 'clear')),
  records_conflict boolean not null,
  why text not null,
  primary key (integration_id, object_type, field)
);
comment on table jamf_sync.field_ownership is
  'Who wins a field: moss/ownership.csv with the integration''s own overrides, as the last plan used it.';

create table jamf_sync.applied_values (
  integration_id uuid not null,
  object_type text not null,
  object_id uuid not null,
  values jsonb not null,
  primary key (integration_id, object_type, object_id)
);
comment on table jamf_sync.applied_values is
  'The base of the three-way comparison: per M.O.S.S. object, the values we last wrote or saw agreed.';

create table jamf_sync.group_member_additions (
  integration_id uuid not null,
  group_id uuid not null,
  member_type text not null check (member_type in ('device', 'person')),
  member_id uuid not null,
  primary key (integration_id, group_id, member_type, member_id)
);
comment on table jamf_sync.group_member_additions is 'The group members we added; only these may be removed again.';

create table jamf_sync.plans (
  plan_id bigint generated always as identity primary key,
  integration_id uuid not null,
  run_id text not null,
  object_types text[] not null,
  captures jsonb not null,
  status text not null default 'planned' check (status in ('planned', 'applying', 'applied', 'superseded')),
  created_at timestamptz not null default now(),
  applied_at timestamptz
);
comment on column jamf_sync.plans.captures is 'collection -> capture_id that the plan was made from.';
create index plans_newest on jamf_sync.plans (integration_id, plan_id desc);

create table jamf_sync.change_plan (
  row_id bigint generated always as identity primary key,
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  object_type text not null,
  object_id uuid,
  external_type text,
  external_id text,
  label text,
  action text not null check (action in (
    'create', 'link', 'move', 'update', 'unenroll', 'return', 'delete_internal', 'add', 'remove', 'agree', 'conflict', 'skip')),
  reason text not null,
  before jsonb not null default '{}',
  after jsonb not null default '{}',
  rules jsonb not null default '{}',
  agreed jsonb not null default '{}',
  details jsonb not null default '{}',
  outcome text check (outcome in ('applied', 'refused', 'failed')),
  outcome_detail text,
  applied_at timestamptz
);
comment on table jamf_sync.change_plan is 'One row per object a plan changes, refuses or skips; unchanged objects are only counted.';
comment on column jamf_sync.change_plan.object_type is 'location, room, person, device, io, group, group_member, or mapping for a link itself.';
comment on column jamf_sync.change_plan.object_id is 'The M.O.S.S. object; chosen in advance for one that is to be created.';
comment on column jamf_sync.change_plan.external_id is 'The JAMF record it comes from, of external_type.';
comment on column jamf_sync.change_plan.label is 'What people call it: a host name, a person, a group.';
comment on column jamf_sync.change_plan.reason is 'Why there is a row: unknown_to_moss, matched_by_…, values_differ, back_in_jamf, absent_from_jamf, …';
comment on column jamf_sync.change_plan.after is 'Field -> the value to write.';
comment on column jamf_sync.change_plan.outcome is 'Empty while it waits; then applied, refused (M.O.S.S. moved) or failed (the database rejected it).';
comment on column jamf_sync.change_plan.before is 'Field -> the M.O.S.S. value it was planned against; the row is applied only if it still holds.';
comment on column jamf_sync.change_plan.rules is 'Field -> the rule that decided it.';
comment on column jamf_sync.change_plan.agreed is 'Field -> value both sides hold by now; becomes base without a write to M.O.S.S.';
comment on column jamf_sync.change_plan.details is 'What the action needs besides field values, e.g. the JAMF id a mapping moves from.';
create index change_plan_rows on jamf_sync.change_plan (plan_id, object_type, row_id);
create index change_plan_history on jamf_sync.change_plan (object_type, object_id) where outcome = 'applied';

create view jamf_sync.change_plan_fields as
  select change.plan_id, change.row_id, change.object_type, change.object_id, change.external_id, change.label,
         change.action, field.key as field, change.before ->> field.key as before, field.value as after,
         ownership.owner, change.rules ->> field.key as rule, change.outcome
  from jamf_sync.change_plan as change
  join jamf_sync.plans as plan using (plan_id)
  cross join lateral jsonb_each_text(change.after) as field
  left join jamf_sync.field_ownership as ownership
    on ownership.integration_id = plan.integration_id and ownership.object_type = change.object_type
   and ownership.field = field.key;
comment on view jamf_sync.change_plan_fields is 'The plan by field: before, after, owner and rule of each change.';

create table jamf_sync.plan_conflicts (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  object_type text not null,
  object_id uuid,
  external_type text,
  external_id text,
  label text,
  kind text not null,
  field text,
  jamf_value text,
  moss_value text,
  base_value text,
  detail text not null
);
comment on table jamf_sync.plan_conflicts is 'The disagreements a plan found; the conflict queue is brought in step with them when it is applied.';
create index plan_conflicts_plan on jamf_sync.plan_conflicts (plan_id, object_type);

create table jamf_sync.plan_counts (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  object_type text not null,
  seen integer not null,
  failed integer not null,
  skipped integer not null,
  unchanged integer not null,
  primary key (plan_id, object_type)
);
comment on table jamf_sync.plan_counts is
  'Per object type, each counted on its own: objects seen; those that could not be used (failed); those left out by a rule (skipped); those in which nothing differs (unchanged). The rest are rows of change_plan and plan_conflicts.';

create table jamf_sync.conflicts (
  conflict_id bigint generated always as identity primary key,
  integration_id uuid not null,
  object_type text not null,
  object_id uuid,
  external_type text,
  external_id text,
  label text,
  kind text not null,
  field text,
  jamf_value text,
  moss_value text,
  base_value text,
  detail text not null,
  status text not null default 'open' check (status in ('open', 'resolved', 'closed')),
  opened_by_plan bigint not null,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  resolution text,
  resolution_reason text
);
comment on table jamf_sync.conflicts is 'The conflict queue: what M.O.S.S. and JAMF disagree on and a person decides.';
create unique index conflicts_open on jamf_sync.conflicts
  (integration_id, object_type, coalesce(object_id::text, external_type || ':' || external_id), kind, coalesce(field, ''))
  where status = 'open';
create index conflicts_open_by_object on jamf_sync.conflicts (integration_id, object_id) where status = 'open';

create table jamf_sync.sync_runs (
  run_id text primary key,
  integration_id uuid not null,
  history_id uuid not null,
  sync_type text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
comment on table jamf_sync.sync_runs is 'Which Dagster run wrote which row of integration_sync_history.';
