-- Forgets what an earlier staging said of these versions. Parameters: version_ids (bigint[]). Index: quarantine_by_version.
delete from jamf_sync.quarantine where version_id = any (%(version_ids)s)
