-- Compares every JAMF computer group with its M.O.S.S. group. Parameters: integration_id, plan_id, groups_capture, rejected, clearable.
-- What a match says of its evidence goes into the details of the row; a group that a record has left, and that no other record is,
-- is told in a conflict.
with candidates as materialized (
  select match.*, value.values as moss, coalesce(applied.values, '{}') as base, mapping.sync_status,
    jsonb_build_object('name', match.name, 'external_id', match.jamf_id, 'group_type', vocabulary.accepted) as jamf
  from jamf_sync.group_matches as match
  left join moss_contract.group_values() as value on value.id = match.group_id
  left join jamf_sync.applied_values as applied
    on applied.integration_id = %(integration_id)s and applied.object_type = 'group' and applied.object_id = match.group_id
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'group' and mapping.internal_id = match.group_id
  left join moss_contract.vocabulary
    on vocabulary.domain = 'group_type' and vocabulary.canonical = case when match.is_smart then 'smart' else 'static' end
  where match.integration_id = %(integration_id)s
),
compared as materialized (
  select candidates.*,
    restored.object_id is not null as is_to_be_restored,
    case when outcome = 'create' then 'create' when outcome = 'matched' then 'link' when outcome = 'moved' then 'move'
         when sync_status = 'deleted_external' then 'return' else 'update' end as action,
    jamf_sync.overlaid(moss, jamf, %(clearable)s) as wanted
  from candidates
  left join (
    select distinct object_id from jamf_sync.decisions
    where integration_id = %(integration_id)s and object_type = 'group' and is_to_be_restored
  ) as restored on restored.object_id = candidates.group_id
  where outcome in ('create', 'moved', 'matched', 'mapped')
),
left_behind as (
  -- Groups whose record is another group by now, and that no other record is.
  select candidate.jamf_id, candidate.name, candidate.left_group_id as group_id, left_group.name as left_name,
         case when candidate.outcome <> 'moved' then ': ' || jamf_sync.evidence_sentence(candidate.evidence) end as told
  from candidates as candidate
  join (select id, jamf_sync.unescaped(name) as name from moss_contract.groups()) as left_group
    on left_group.id = candidate.left_group_id
  where not exists (select from candidates as found where found.group_id = candidate.left_group_id)
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'group',
    (select count(*) from jamf_sync.jamf_groups_at(%(integration_id)s, %(groups_capture)s)) + %(rejected)s,
    (select count(*) from jamf_sync.jamf_groups_at(%(integration_id)s, %(groups_capture)s) where not is_usable) + %(rejected)s,
    0,
    (select count(*) from compared where action = 'update' and wanted = moss and jsonb_strip_nulls(wanted) = base
      and not is_to_be_restored)
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, jamf_value, detail)
  select %(plan_id)s, 'group', null::uuid, 'computer_group', jamf_id, name, 'ambiguous_match', name,
         'Several groups share this name; give each its own, or set the external id of the right one.'
  from candidates where outcome = 'ambiguous'
  union all
  select %(plan_id)s, 'group', null, 'computer_group', jamf_id, name, 'link_lost', name,
         format('The group of JAMF''s %%s was deleted in M.O.S.S., and no other has its name. It gets no members.', name)
  from candidates where outcome = 'deleted_internal'
  union all
  select %(plan_id)s, 'group', group_id, 'computer_group', jamf_id, name, 'linked_again', name,
         format('The group %%s was deleted in M.O.S.S. JAMF''s group was linked again, to the one of that name. '
                'Confirm that it is the same, or correct it in M.O.S.S.', name)
  from candidates where outcome = 'matched' and lost_id is not null
  union all
  select %(plan_id)s, 'group', group_id, 'computer_group', jamf_id, left_name, 'id_reused', name,
         format('JAMF''s computer group %%s was %%s and is %%s by now%%s. This group keeps everything M.O.S.S. knows of it, and its '
                'members. Say in M.O.S.S. what became of it.', jamf_id, left_name, name, told)
  from left_behind
)
insert into compared_objects (object_type, object_id, external_type, external_id, label, action, reason, jamf, moss, base, details)
select 'group', group_id, 'computer_group', jamf_id, name, action,
  case when action = 'create' then 'unknown_to_moss' when action in ('link', 'move') then 'matched_by_name' when action = 'return' then 'back_in_jamf' else 'values_differ' end,
  wanted, coalesce(moss, '{}'), base,
  jsonb_strip_nulls(jsonb_build_object(
    'previous_external_id', previous_jamf_id, 'evidence', nullif(evidence, '{}'), 'guarded_as', guarded_as,
    'left_object_id', left_group_id, 'lost_object_id', lost_id))
from compared
where action <> 'update' or wanted <> moss or jsonb_strip_nulls(wanted) <> base or is_to_be_restored
