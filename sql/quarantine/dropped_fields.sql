-- How many fields of usable records some captures lost, and of how many records. Parameters:
-- integration_id, captures (a JSON object: collection to capture), not_lost (reasons by which
-- nothing of JAMF's is lost). Yields one row. Indexes: quarantine_by_version, quarantine_by_capture.
with used as (
  select used.key as collection, used.value::bigint as capture_id
  from jsonb_each_text(%(captures)s::jsonb) as used
)
select count(*) as fields, count(distinct (held.collection, held.jamf_id)) as records
from used
join jamf_sync.quarantine as held
  on held.integration_id = %(integration_id)s and held.collection = used.collection
left join jamf_sync.raw_jamf as version
  on version.collection = held.collection and version.version_id = held.version_id
  and version.valid_from_capture <= used.capture_id
  and coalesce(version.valid_to_capture > used.capture_id, true)
where not held.is_whole_record
  and held.reason <> all (%(not_lost)s::text[])
  and (held.capture_id = used.capture_id or version.version_id is not null)
