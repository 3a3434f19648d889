-- What could not be used of the newest usable capture of each collection, newest find first.
-- Parameters: integration_id, collection, reason (each or null for all), whole_records_only,
-- row_limit, row_offset. Grain: a record, or one field of one; `label` and `serial_number` are what
-- JAMF calls it, where its document is known; `total`: how many there are, however many are asked
-- for. Indexes: captures_newest, quarantine_by_version, quarantine_by_capture.
with newest as materialized (
  select distinct on (collection) collection, capture_id
  from jamf_sync.captures
  where integration_id = %(integration_id)s and status in ('complete', 'incomplete')
  order by collection, capture_id desc
)
select held.quarantine_id, held.collection, held.jamf_id, held.field, held.reason, held.detail,
       held.is_whole_record, held.created_at,
       coalesce(version.document #>> '{general,name}', version.document ->> 'name',
                version.document ->> 'username') as label,
       version.document #>> '{hardware,serialNumber}' as serial_number,
       count(*) over () as total
from jamf_sync.quarantine as held
join newest on newest.collection = held.collection
left join jamf_sync.raw_jamf as version
  on version.collection = held.collection and version.version_id = held.version_id
  and version.valid_from_capture <= newest.capture_id
  and coalesce(version.valid_to_capture > newest.capture_id, true)
where held.integration_id = %(integration_id)s
  and (held.capture_id = newest.capture_id or version.version_id is not null)
  and (%(collection)s::text is null or held.collection = %(collection)s)
  and (%(reason)s::text is null or held.reason = %(reason)s)
  and (held.is_whole_record or not %(whole_records_only)s)
order by held.quarantine_id desc
limit %(row_limit)s offset %(row_offset)s
