-- A server that earlier captures of this integration came from, if it is not the given one.
-- Parameters: integration_id, server. Yields no row when all is well.
select server, max(captured_at) as captured_at
from jamf_sync.captures
where integration_id = %(integration_id)s and status in ('complete', 'incomplete') and server <> %(server)s
group by server
order by captured_at desc
limit 1
