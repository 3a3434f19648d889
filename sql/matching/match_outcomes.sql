-- How many objects of one table of matches ended how. Parameters: table, integration_id. Grain: one outcome.
select outcome, count(*) as objects
from (
  select 'location_matches' as matches, integration_id, outcome from jamf_sync.location_matches
  union all select 'room_matches', integration_id, outcome from jamf_sync.room_matches
  union all select 'person_matches', integration_id, outcome from jamf_sync.person_matches
  union all select 'device_matches', integration_id, outcome from jamf_sync.device_matches
  union all select 'group_matches', integration_id, outcome from jamf_sync.group_matches
) as outcomes
where matches = %(table)s and integration_id = %(integration_id)s
group by outcome
order by outcome
