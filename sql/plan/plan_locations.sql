-- Plans the locations that JAMF's buildings name and M.O.S.S. lacks; existing ones are only linked, never changed. A link that moves
-- is a row of its own, and so is one whose building is back in JAMF. Parameters: integration_id, plan_id. Reads location_matches.
with matches as materialized (
  select match.*,
    case match.outcome when 'create' then 'create' when 'matched' then 'link' when 'moved' then 'move'
      when 'mapped' then case when mapping.sync_status = 'deleted_external' then 'return' end end as action
  from jamf_sync.location_matches as match
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'location'
   and mapping.internal_id = match.location_id and mapping.external_id = match.jamf_id
  where match.integration_id = %(integration_id)s
),
left_behind as (
  -- Locations whose building is another one by now, and that no other building is.
  select match.jamf_id, match.name, location.id as location_id, jamf_sync.unescaped(location.name) as left_name,
         case when match.outcome <> 'moved' then ': ' || jamf_sync.evidence_sentence(match.evidence) end as told
  from matches as match
  join moss_contract.locations() as location on location.id = match.left_location_id
  where not exists (select from matches as found where found.location_id = match.left_location_id)
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'location', count(*), 0, count(*) filter (where outcome = 'missing'),
         count(*) filter (where outcome in ('mapped', 'shared') and action is null)
  from matches
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, jamf_value, detail)
  select %(plan_id)s, 'location', null::uuid, 'building', jamf_id, name, 'ambiguous_match', name,
         'Several M.O.S.S. locations carry this building''s name; rename or merge them, or link one by hand.'
  from matches where outcome = 'ambiguous'
  union all
  select %(plan_id)s, 'location', null, 'building', jamf_id, name, 'link_lost', name,
         format('The location of JAMF''s building %%s was deleted in M.O.S.S., and no other has its name. '
                'Nothing is placed there.', name)
  from matches where outcome = 'deleted_internal'
  union all
  select %(plan_id)s, 'location', location_id, 'building', jamf_id, name, 'linked_again', name,
         format('The location of JAMF''s building %%s was deleted in M.O.S.S. The building was linked again, to the '
                'location of that name. Confirm that it is the same, or correct it in M.O.S.S.', name)
  from matches where outcome = 'matched' and lost_id is not null
  union all
  select %(plan_id)s, 'location', location_id, 'building', jamf_id, left_name, 'id_reused', name,
         format('JAMF''s building %%s was %%s and is %%s by now%%s. This location keeps everything M.O.S.S. knows of it. '
                'Say in M.O.S.S. what became of it.', jamf_id, left_name, name, told)
  from left_behind
)
insert into jamf_sync.change_plan
  (plan_id, object_type, object_id, external_type, external_id, label, action, reason, after, rules, details)
select %(plan_id)s, 'location', location_id, 'building', jamf_id, name, action,
       case action when 'create' then 'unknown_to_moss' when 'return' then 'back_in_jamf' else 'matched_by_name' end,
       case action when 'create' then jsonb_build_object('name', name) else '{}' end,
       case action when 'create' then jsonb_build_object('name', 'on_create') else '{}' end,
       jsonb_strip_nulls(jsonb_build_object(
         'previous_external_id', previous_jamf_id, 'evidence', nullif(evidence, '{}'), 'guarded_as', guarded_as,
         'left_object_id', left_location_id, 'lost_object_id', lost_id))
from matches
where action is not null
