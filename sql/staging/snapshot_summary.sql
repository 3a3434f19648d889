-- How a capture's snapshot stands. Parameters: integration_id, collection, capture_id.
-- Yields one row: objects valid at the capture, how many are quarantined whole or in a field, and the capture's own verdict.
select capture.status, capture.captured_at, capture.total_count, capture.captured_count, capture.rejected_count,
       capture.incomplete_reasons,
       count(distinct raw.version_id) as row_count,
       count(distinct held.version_id) filter (where held.is_whole_record) as quarantined,
       count(held.quarantine_id) filter (where not held.is_whole_record) as fields_left_out
from jamf_sync.captures as capture
left join jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw on true
left join jamf_sync.quarantine as held on held.version_id = raw.version_id
where capture.capture_id = %(capture_id)s
group by capture.capture_id
