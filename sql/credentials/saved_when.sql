-- When the credentials were saved that M.O.S.S. has; no row: before anybody noted it. Parameters: integration_id.
select saved_at from jamf_sync.saved_credentials where integration_id = %(integration_id)s
