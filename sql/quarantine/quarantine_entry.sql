-- One entry of the quarantine, with the document that JAMF gave of the record as far as it is kept
-- (allow-listed). Parameters: integration_id, quarantine_id. Grain: at most one row; `label` and
-- `serial_number` are what JAMF calls it; `is_over`: whether JAMF has changed the record since, or
-- lost it. An entry without a document is of a record that JAMF could not serve.
select held.quarantine_id, held.collection, held.jamf_id, held.field, held.reason, held.detail,
       held.is_whole_record, held.created_at,
       coalesce(version.document #>> '{general,name}', version.document ->> 'name',
                version.document ->> 'username') as label,
       version.document #>> '{hardware,serialNumber}' as serial_number,
       version.document::text as document,
       case when held.version_id is not null
            then version.version_id is null or version.valid_to_capture is not null
            else exists (
              select from jamf_sync.captures as newer
              where newer.integration_id = held.integration_id
                and newer.collection = held.collection and newer.capture_id > held.capture_id
                and newer.status in ('complete', 'incomplete')) end as is_over
from jamf_sync.quarantine as held
left join jamf_sync.raw_jamf as version
  on version.collection = held.collection and version.version_id = held.version_id
where held.integration_id = %(integration_id)s and held.quarantine_id = %(quarantine_id)s
