-- Compares every matched person source with its person; those that differ go to compared_objects, the rest are counted.
-- Parameters: integration_id, plan_id, users_capture, rejected (records JAMF could not serve), clearable (fields). Reads person_matches, person_values, applied_values.
-- User records of no capture (M.O.S.S. has switched them off) were matched to know people by, and are not planned.
-- A JAMF null says nothing (ownership: on_null = keep), so it is overlaid with what M.O.S.S. holds before comparing.
with candidates as materialized (
  select match.*, value.values as moss, coalesce(applied.values, '{}') as base, mapping.sync_status,
    jsonb_build_object(
      'username', match.username,
      'full_name', coalesce(match.full_name, case when match.outcome = 'create' then
        coalesce(match.username, split_part(match.email, '@', 1)) end),
      'email_address', match.email, 'phone_number', match.phone, 'job_title', match.job_title) as jamf
  from jamf_sync.person_matches as match
  left join moss_contract.person_values() as value on value.id = match.person_id
  left join jamf_sync.applied_values as applied
    on applied.integration_id = %(integration_id)s and applied.object_type = 'person' and applied.object_id = match.person_id
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'person'
   and mapping.internal_id = match.person_id
  where match.integration_id = %(integration_id)s and (match.external_type <> 'user' or %(users_capture)s > 0)
),
compared as materialized (
  select candidates.*,
    restored.object_id is not null as is_to_be_restored,
    case when outcome = 'create' then 'create' when outcome = 'moved' then 'move' when outcome = 'matched' then 'link'
         when sync_status = 'deleted_external' then 'return' else 'update' end as action,
    jamf_sync.overlaid(moss, jamf, %(clearable)s) as wanted
  from candidates
  left join (
    select distinct object_id from jamf_sync.decisions
    where integration_id = %(integration_id)s and object_type = 'person' and is_to_be_restored
  ) as restored on restored.object_id = candidates.person_id
  where outcome in ('create', 'moved', 'matched', 'mapped')
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'person',
    (select count(*) from jamf_sync.jamf_users_at(%(integration_id)s, %(users_capture)s))
      + (select count(*) from candidates where external_type = 'computer_user') + %(rejected)s,
    (select count(*) from jamf_sync.jamf_users_at(%(integration_id)s, %(users_capture)s) where not is_usable) + %(rejected)s,
    (select count(*) from candidates where outcome in ('twin', 'deleted_internal')),
    (select count(*) from compared where action = 'update' and wanted = moss and jsonb_strip_nulls(wanted) = base
      and not is_to_be_restored)
),
conflicts as (
  insert into jamf_sync.plan_conflicts (plan_id, object_type, external_type, external_id, label, kind, jamf_value, detail)
  select %(plan_id)s, 'person', external_type, external_id, coalesce(full_name, username, email), 'ambiguous_match', coalesce(email, username),
         'Several M.O.S.S. people carry this e-mail address or user name; give each its own, or link one by hand.'
  from candidates where outcome = 'ambiguous'
)
insert into compared_objects (object_type, object_id, external_type, external_id, label, action, reason, jamf, moss, base, details)
select 'person', person_id, external_type, external_id, coalesce(full_name, username, email), action,
  case action when 'create' then 'unknown_to_moss' when 'link' then 'matched_by_' || matched_by when 'move' then 'matched_by_' || matched_by
              when 'return' then 'back_in_jamf' else 'values_differ' end,
  case when action = 'create' then wanted || jsonb_build_object(
    'person_type', (select accepted from moss_contract.vocabulary where domain = 'person_type' and canonical = 'employee'),
    'notes', 'Imported from JAMF Pro', 'imported_from_jamf', 'true') else wanted end,
  coalesce(moss, '{}'), base,
  jsonb_strip_nulls(jsonb_build_object('previous_external_type', previous_external_type, 'previous_external_id', previous_external_id))
from compared
where action <> 'update' or wanted <> moss or jsonb_strip_nulls(wanted) <> base or is_to_be_restored
