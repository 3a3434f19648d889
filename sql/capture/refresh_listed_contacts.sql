-- Keeps the newest contact of the computers that were listed and not read whole. Parameters: integration_id.
-- When they last reported stays as it was stored: it is what their stored version was read with, and a computer that could not be
-- read this time (JAMF cannot serve it, or it vanished) is found by it next time. Rows that did not move are not touched.
update jamf_sync.jamf_computer_contacts as contact
set last_contact_at = listed.last_contact_at
from listed_records as listed
where contact.integration_id = %(integration_id)s and contact.jamf_id = listed.jamf_id
  and contact.last_contact_at is distinct from listed.last_contact_at
  and not exists (select from incoming_records as incoming where incoming.jamf_id = listed.jamf_id)
