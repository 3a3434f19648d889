-- What JAMF would change and a rule keeps from M.O.S.S., also where it is no conflict: a rejected update is visible.

create table jamf_sync.plan_rejections (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  object_type text not null,
  object_id uuid not null,
  external_type text,
  external_id text,
  label text,
  field text not null,
  jamf_value text,
  moss_value text,
  rule text not null,
  detail text not null,
  primary key (plan_id, object_type, object_id, field)
);
comment on table jamf_sync.plan_rejections is
  'Fields in which JAMF differs from M.O.S.S. and a rule without a conflict keeps M.O.S.S.''s value: only_filled, not_updated, pinned, decided_keep_moss, …';

create view jamf_sync.suppressed_changes as
  select plan_id, object_type, object_id, external_type, external_id, label, field, jamf_value, moss_value, kind as rule, detail
  from jamf_sync.plan_conflicts where kind <> 'human_edit_overwritten'
  union all
  select plan_id, object_type, object_id, external_type, external_id, label, field, jamf_value, moss_value, rule, detail
  from jamf_sync.plan_rejections;
comment on view jamf_sync.suppressed_changes is 'Every change that JAMF asks for and a plan does not make, with the rule that stands against it.';
