-- What came of each kind of event: how many, when last, and how many records of it wait. Reads webhook_counts, webhook_events.
-- Parameters: integration_id. Grain: one kind.
select kind.event, sum(kind.received)::bigint as received, max(kind.last_received_at) as last_received_at,
       sum(kind.waiting)::bigint as waiting
from (
  select event, received, last_received_at, 0 as waiting
  from jamf_sync.webhook_counts where integration_id = %(integration_id)s
  union all
  select event, times, received_at, 1 from jamf_sync.webhook_events where integration_id = %(integration_id)s
) as kind
group by kind.event
order by max(kind.last_received_at) desc, kind.event
