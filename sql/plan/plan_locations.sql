-- Plans the locations that JAMF's buildings name and M.O.S.S. lacks; existing ones are only linked, never changed.
-- Parameters: integration_id, plan_id. Reads location_matches.
with counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'location', count(*), 0, count(*) filter (where outcome = 'missing'),
         count(*) filter (where outcome in ('mapped', 'shared'))
  from jamf_sync.location_matches where integration_id = %(integration_id)s
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, jamf_value, detail)
  select %(plan_id)s, 'location', null::uuid, 'building', jamf_id, name, 'ambiguous_match', name,
         'Several M.O.S.S. locations carry this building''s name; rename or merge them, or link one by hand.'
  from jamf_sync.location_matches where integration_id = %(integration_id)s and outcome = 'ambiguous'
  union all
  select %(plan_id)s, 'location', null, 'building', jamf_id, name, 'link_lost', name,
         format('The location of JAMF''s building %%s was deleted in M.O.S.S., and no other has its name. '
                'Nothing is placed there.', name)
  from jamf_sync.location_matches where integration_id = %(integration_id)s and outcome = 'deleted_internal'
  union all
  select %(plan_id)s, 'location', location_id, 'building', jamf_id, name, 'linked_again', name,
         format('The location of JAMF''s building %%s was deleted in M.O.S.S. The building was linked again, to the '
                'location of that name. Confirm that it is the same, or correct it in M.O.S.S.', name)
  from jamf_sync.location_matches
  where integration_id = %(integration_id)s and outcome = 'matched' and lost_id is not null
)
insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, after, rules)
select %(plan_id)s, 'location', location_id, 'building', jamf_id, name,
       case outcome when 'create' then 'create' else 'link' end,
       case outcome when 'create' then 'unknown_to_moss' else 'matched_by_name' end,
       case outcome when 'create' then jsonb_build_object('name', name) else '{}' end,
       case outcome when 'create' then jsonb_build_object('name', 'on_create') else '{}' end
from jamf_sync.location_matches
where integration_id = %(integration_id)s and outcome in ('create', 'matched')
