-- Decisions of people on conflicts, and plans that undo another plan. A decision is a resolved row of the conflict queue. What a
-- sync does, it does under roles that can open, refresh and close conflicts, and that can neither make nor change a decision:
-- row-level security leaves them only rows without a resolution. Carrying one out is noted by a function of the contract.

alter table jamf_sync.conflicts
  add column resolved_by text,
  add column resolved_at timestamptz,
  add column carried_out_by_plan bigint,
  add column reopened_by text,
  add column reopened_at timestamptz,
  add constraint conflicts_resolution check (resolution in ('keep_moss', 'take_jamf', 'pin')),
  add constraint conflicts_resolved_by_somebody check (
    status <> 'resolved' or resolution is not null and resolved_by is not null and resolved_at is not null);
comment on column jamf_sync.conflicts.status is
  'open: waits for a person; resolved: decided, and the decision counts; closed: over, by itself or because it was carried out.';
comment on column jamf_sync.conflicts.kind is
  'What disagrees, e.g. owned_field_differs; reverted: a field that a person reverted and pinned.';
comment on column jamf_sync.conflicts.jamf_value is 'What JAMF says; of a decision, what it said then. moss_value and base_value likewise.';
comment on column jamf_sync.conflicts.carried_out_by_plan is 'The plan that wrote what was decided.';
comment on column jamf_sync.conflicts.reopened_by is 'Who took the last decision back.';
create index conflicts_resolved on jamf_sync.conflicts (integration_id, object_type, object_id, field) where status = 'resolved';
create index plan_conflicts_object on jamf_sync.plan_conflicts (object_id, kind) where object_id is not null;

alter table jamf_sync.conflicts enable row level security;
create policy conflicts_can_be_read on jamf_sync.conflicts for select using (true);
create policy conflicts_are_opened_undecided on jamf_sync.conflicts for insert
  with check (resolution is null and resolved_by is null);
create policy undecided_conflicts_follow_the_values on jamf_sync.conflicts for update
  using (resolution is null) with check (resolution is null and resolved_by is null);

create view jamf_sync.decisions as
  select conflict_id, integration_id, object_type, object_id, external_id, kind, field, resolution, resolved_at,
         coalesce(to_jsonb(jamf_value), 'null') as jamf_value, coalesce(to_jsonb(moss_value), 'null') as moss_value,
         kind = 'human_edit_overwritten' and resolution in ('keep_moss', 'pin') and carried_out_by_plan is null as is_to_be_restored
  from jamf_sync.conflicts
  where status = 'resolved';
comment on view jamf_sync.decisions is 'The decisions that count, with values as plans hold them.';
comment on column jamf_sync.decisions.is_to_be_restored is 'Whether a value that a person entered and JAMF replaced is yet to be put back.';

create function jamf_sync.new_base(agreed jsonb, after jsonb, rules jsonb) returns jsonb
language sql immutable parallel safe as $$
  -- What a change leaves as base. A value that a decision put back is none: the base stays what JAMF said, so that the next word
  -- of JAMF meets an edit and not a value of its own.
  select agreed || (after - array(
    select rule.key from jsonb_each_text(rules) as rule where rule.value in ('decided_keep_moss', 'pinned')))
$$;

alter table jamf_sync.device_matches
  drop constraint device_matches_outcome_check,
  add constraint device_matches_outcome_check check (outcome in (
    'mapped', 'moved', 'matched', 'held', 'declined', 'create', 'twin', 'ambiguous', 'deleted_internal'));
comment on column jamf_sync.device_matches.outcome is
  'declined: a person decided that this computer is not this device, and it is not linked.';

alter table jamf_sync.plans
  add column reverts_plan_id bigint references jamf_sync.plans on delete cascade;
comment on column jamf_sync.plans.reverts_plan_id is 'The plan that a plan of the kind revert undoes.';

alter table jamf_sync.change_plan
  drop constraint change_plan_action_check,
  add constraint change_plan_action_check check (action in (
    'create', 'link', 'move', 'update', 'unenroll', 'return', 'delete_internal', 'add', 'remove', 'agree', 'conflict', 'skip',
    'unlink', 'relink', 'delete'));
comment on column jamf_sync.change_plan.action is
  'What undoes others: unlink (a link that was made), relink (a link as it was before), delete (an object that was created).';
