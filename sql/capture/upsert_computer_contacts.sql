-- Keeps each computer's newest contact times. Parameters: integration_id.
-- Rows that did not move are taken out first: a conflict that is found and then left alone still locks, and logs, its row.
insert into jamf_sync.jamf_computer_contacts (integration_id, jamf_id, last_contact_at, reported_at)
select %(integration_id)s, jamf_id, last_contact_at, reported_at from incoming_records
except
select integration_id, jamf_id, last_contact_at, reported_at from jamf_sync.jamf_computer_contacts where integration_id = %(integration_id)s
on conflict (integration_id, jamf_id) do update
set last_contact_at = excluded.last_contact_at, reported_at = excluded.reported_at
