-- Notes which of the records that a run has taken JAMF sent, as new as their event: an inventory that is older than the event that told of
-- it comes from a node that has not heard of it yet. Reads jamf_computer_contacts; reads and writes webhook_events.
-- Parameters: integration_id, run_id, record_type, absent_ids (text[]). Two minutes are what clocks may differ.
update jamf_sync.webhook_events as event
set was_found = event.jamf_id <> all (%(absent_ids)s::text[])
  and (event.event = 'ComputerInventoryCompleted'
    and contact.reported_at < event.event_at - interval '2 minutes') is not true
from jamf_sync.webhook_events as taken
left join jamf_sync.jamf_computer_contacts as contact
  on contact.integration_id = taken.integration_id and contact.jamf_id = taken.jamf_id
where taken.integration_id = %(integration_id)s and taken.record_type = %(record_type)s
  and taken.taken_by = %(run_id)s and event.event_id = taken.event_id
