-- Stores that an event named some records, unless too many wait already. Reads and writes webhook_events.
-- Parameters: integration_id, event, record_type, jamf_ids (text[], each once), event_at (or null), most_stored.
-- Touches one row a record, none where there is no room. What waits already is not stored again: a flood of one record is one row.
-- A row that a run takes at this moment is left to it, and the event becomes a new one. In the order of ids, so that two events that
-- name the same records wait for each other and not both.
with room as (
  select count(*) < %(most_stored)s as is_left
  from (
    select from jamf_sync.webhook_events where integration_id = %(integration_id)s
    limit %(most_stored)s
  ) as stored
)
insert into jamf_sync.webhook_events (integration_id, event, record_type, jamf_id, event_at)
select %(integration_id)s, %(event)s, %(record_type)s, named.jamf_id, %(event_at)s
from room
cross join unnest(%(jamf_ids)s::text[]) as named (jamf_id)
where room.is_left
order by named.jamf_id
on conflict (integration_id, event, record_type, jamf_id) where taken_by is null do update
set times = webhook_events.times + 1,
    received_at = excluded.received_at,
    event_at = greatest(webhook_events.event_at, excluded.event_at)
