-- Opens a capture, unless the integration's earlier ones came from another server.
-- Parameters: integration_id, collection, server. Yields one row: capture_id, or the other server
-- that was captured last. Reads and writes captures.
with other as (
  select server
  from jamf_sync.captures
  where integration_id = %(integration_id)s and status in ('complete', 'incomplete')
    and server <> %(server)s
  group by server
  order by max(captured_at) desc
  limit 1
),
opened as (
  insert into jamf_sync.captures (integration_id, collection, server)
  select %(integration_id)s, %(collection)s, %(server)s
  where not exists (select from other)
  returning capture_id
)
select (select capture_id from opened) as capture_id, (select server from other) as other_server
