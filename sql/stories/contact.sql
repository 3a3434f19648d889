-- When JAMF last heard of a computer; kept once, current. Parameters: integration_id, jamf_id.
select last_contact_at, reported_at
from jamf_sync.jamf_computer_contacts
where integration_id = %(integration_id)s and jamf_id = %(jamf_id)s
