-- What is stored of JAMF's users now. Parameters: integration_id. Grain: one user.
-- Index: the current versions of raw_jamf_users.
select jamf_id, document ->> 'username' as username, document::text as document, content_hash
from jamf_sync.raw_jamf_users
where integration_id = %(integration_id)s and valid_to_capture is null
