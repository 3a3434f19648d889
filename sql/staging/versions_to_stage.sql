-- The documents of a capture that have no typed row of today's rules yet: an unchanged fleet yields none.
-- Parameters: integration_id, collection, capture_id, staging_rules. Read through a server-side cursor, in chunks.
select raw.version_id, raw.jamf_id, raw.document
from jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw
where not exists (
  select from jamf_sync.staged_versions as staged
  where staged.collection = %(collection)s and staged.version_id = raw.version_id
    and staged.staging_rules = %(staging_rules)s
)
