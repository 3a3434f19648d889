-- How many conflicts are open. Parameters: integration_id. Grain: one kind.
select kind, count(*) as conflicts
from jamf_sync.conflicts
where integration_id = %(integration_id)s and status = 'open'
group by kind
order by conflicts desc, kind
