-- The computer groups of JAMF as the newest capture has them, for a person to pick one. Parameters: integration_id.
-- Reads captures, jamf_groups_snapshot. Grain: one group.
with newest as (
  select max(capture_id) as capture_id from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = 'groups' and status in ('complete', 'incomplete')
)
select listed.jamf_id, listed.name, listed.is_smart
from newest
cross join lateral jamf_sync.jamf_groups_at(%(integration_id)s, newest.capture_id) as listed
where listed.name is not null
order by listed.name, listed.jamf_id
