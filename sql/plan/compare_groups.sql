-- Compares every JAMF computer group with its M.O.S.S. group. Parameters: integration_id, plan_id, groups_capture, rejected, clearable.
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
    case when outcome = 'create' then 'create' when outcome = 'matched' then 'link'
         when sync_status = 'deleted_external' then 'return' else 'update' end as action,
    jamf_sync.overlaid(moss, jamf, %(clearable)s) as wanted
  from candidates
  left join (
    select distinct object_id from jamf_sync.decisions
    where integration_id = %(integration_id)s and object_type = 'group' and is_to_be_restored
  ) as restored on restored.object_id = candidates.group_id
  where outcome in ('create', 'matched', 'mapped')
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
)
insert into compared_objects (object_type, object_id, external_type, external_id, label, action, reason, jamf, moss, base)
select 'group', group_id, 'computer_group', jamf_id, name, action,
  case action when 'create' then 'unknown_to_moss' when 'link' then 'matched_by_name' when 'return' then 'back_in_jamf' else 'values_differ' end,
  wanted, coalesce(moss, '{}'), base
from compared
where action <> 'update' or wanted <> moss or jsonb_strip_nulls(wanted) <> base or is_to_be_restored
