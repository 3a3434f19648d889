-- Forgets what an earlier staging said of these versions. Parameters: version_ids (bigint[]). Index: quarantine_by_version.
-- What captures noted of contact times stays (capture/upsert_computer_contacts).
delete from jamf_sync.quarantine
where version_id = any (%(version_ids)s)
  and not (reason = 'time_in_future' and field in ('last_contact_at', 'reported_at'))
