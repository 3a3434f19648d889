-- Plans the rooms that JAMF's computers name and M.O.S.S. lacks; existing ones are never changed.
-- Parameters: integration_id, plan_id. Reads room_matches. Rooms have no id in JAMF, so no link: they are matched by name each time.
with counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'room', count(*), 0, count(*) filter (where outcome = 'missing'), count(*) filter (where outcome = 'matched')
  from jamf_sync.room_matches where integration_id = %(integration_id)s
),
conflicts as (
  insert into jamf_sync.plan_conflicts (plan_id, object_type, external_type, external_id, label, kind, jamf_value, detail)
  select %(plan_id)s, 'room', 'room', location_id || '/' || room_key, name, 'ambiguous_match', name,
         'Several M.O.S.S. rooms of this location carry this name; rename or merge them.'
  from jamf_sync.room_matches where integration_id = %(integration_id)s and outcome = 'ambiguous'
)
insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, after, rules)
select %(plan_id)s, 'room', room_id, 'room', location_id || '/' || room_key, name, 'create', 'unknown_to_moss',
       jsonb_build_object('name', name, 'location_id', location_id), jsonb_build_object('name', 'on_create')
from jamf_sync.room_matches
where integration_id = %(integration_id)s and outcome = 'create'
