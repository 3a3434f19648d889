-- What people decided on conflicts, equal ones as one, the newest first. Parameters: integration_id, since, row_limit. Grain: one
-- person, decision and kind of conflict.
select resolved_by, resolution, kind, count(*) as conflicts, max(resolved_at) as decided_at,
       count(*) over () as total
from jamf_sync.conflicts
where integration_id = %(integration_id)s and resolved_at >= %(since)s
group by resolved_by, resolution, kind
order by decided_at desc, resolved_by, resolution, kind
limit %(row_limit)s
