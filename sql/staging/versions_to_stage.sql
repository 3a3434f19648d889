-- The documents of a capture that have no typed row of today's rules yet: an unchanged fleet yields none. With when each was
-- captured first, by which times of the future are known for such; where that capture is not kept any more, this one's.
-- Parameters: integration_id, collection, capture_id, staging_rules. Read through a server-side cursor, in chunks.
select raw.version_id, raw.jamf_id, raw.document,
       coalesce(began.captured_at, shown.captured_at) as captured_at
from jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw
join jamf_sync.captures as shown on shown.capture_id = %(capture_id)s
left join jamf_sync.captures as began on began.capture_id = raw.valid_from_capture
where not exists (
  select from jamf_sync.staged_versions as staged
  where staged.collection = %(collection)s and staged.version_id = raw.version_id
    and staged.staging_rules = %(staging_rules)s
)
