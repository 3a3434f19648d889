-- Keeps each computer's newest contact times; rows that did not move are not touched.
-- Parameters: integration_id.
insert into jamf_sync.jamf_computer_contacts as contact (integration_id, jamf_id, last_contact_at, reported_at)
select %(integration_id)s, jamf_id, last_contact_at, reported_at from incoming_records
on conflict (integration_id, jamf_id) do update
set last_contact_at = excluded.last_contact_at, reported_at = excluded.reported_at
where (contact.last_contact_at, contact.reported_at) is distinct from (excluded.last_contact_at, excluded.reported_at)
