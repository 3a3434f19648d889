-- What of a JAMF record could not be used, of every version that is kept, newest first; `is_over`:
-- of an earlier version or capture. Parameters: integration_id, collection, jamf_id, capture_id
-- (the newest). Grain: the record, or one field of it. Indexes: quarantine_by_version,
-- quarantine_by_capture, raw_jamf_current, raw_jamf_closed_records.
with versions as (
  -- Either part has its own index.
  select version_id, valid_to_capture, document from jamf_sync.raw_jamf
  where collection = %(collection)s and integration_id = %(integration_id)s
    and jamf_id = %(jamf_id)s and valid_to_capture is null
  union all
  select version_id, valid_to_capture, document from jamf_sync.raw_jamf
  where collection = %(collection)s and integration_id = %(integration_id)s
    and jamf_id = %(jamf_id)s and valid_to_capture is not null
),
found as (
  select held.quarantine_id, version.valid_to_capture is not null as is_over
  from versions as version
  join jamf_sync.quarantine as held on held.version_id = version.version_id
  union
  select held.quarantine_id, false
  from jamf_sync.quarantine as held
  where held.capture_id = %(capture_id)s and held.jamf_id = %(jamf_id)s
)
select held.quarantine_id, held.collection, held.jamf_id, held.field, held.reason, held.detail,
       held.is_whole_record, held.created_at, found.is_over,
       version.document #>> '{general,name}' as label,
       version.document #>> '{hardware,serialNumber}' as serial_number
from found
join jamf_sync.quarantine as held on held.quarantine_id = found.quarantine_id
left join versions as version on version.version_id = held.version_id
where held.integration_id = %(integration_id)s and held.collection = %(collection)s
order by held.quarantine_id desc
