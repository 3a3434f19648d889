-- The usable computers of a capture that JAMF has not heard of for long, longest first; each row carries their total.
-- Parameters: integration_id, capture_id, quiet_days, row_limit. Grain: one computer; one that never checked in comes first.
-- Counted from the newest contact of the fleet, so that only JAMF's own clock is asked. It is shown and decides nothing: a Mac in a
-- drawer is a Mac.
with computers as materialized (
  select computer.jamf_id, computer.hostname, computer.serial_number, contact.last_contact_at
  from jamf_sync.jamf_computers_at(%(integration_id)s, %(capture_id)s) as computer
  left join jamf_sync.jamf_computer_contacts as contact
    on contact.integration_id = %(integration_id)s and contact.jamf_id = computer.jamf_id
  where computer.is_usable
)
select last_contact_at, hostname, serial_number, jamf_id, count(*) over () as total
from computers
where last_contact_at is null
   or last_contact_at < (select max(last_contact_at) from computers) - make_interval(days => %(quiet_days)s)
order by last_contact_at nulls first, jamf_sync.jamf_id_order(jamf_id)
limit %(row_limit)s
