-- Counts an event from which nothing synced follows; nothing else is kept of it. Reads and writes webhook_counts.
-- Parameters: integration_id, event.
insert into jamf_sync.webhook_counts (integration_id, event, received, last_received_at)
values (%(integration_id)s, %(event)s, 1, now())
on conflict (integration_id, event) do update
set received = webhook_counts.received + 1, last_received_at = excluded.last_received_at
