-- The open conflicts by kind, the commonest first. Parameters: integration_id, since. Grain: one kind; `new`: opened since then.
select kind, count(*) as conflicts, min(opened_at) as oldest,
       count(*) filter (where opened_at >= %(since)s) as new
from jamf_sync.conflicts
where integration_id = %(integration_id)s and status = 'open'
group by kind
order by conflicts desc, kind
