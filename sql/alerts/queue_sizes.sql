-- How many conflicts were open, and how much of JAMF's data could not be used, at some moments. Parameters: integration_id,
-- moments (timestamptz[]). Reads conflicts, captures, quarantine, versions. Grain: one moment; `has_captures`: whether
-- anything was captured by then, and kept until now. Of a decision that was taken back, only the present is known.
with moments as (
  select moment from unnest(%(moments)s::timestamptz[]) as given (moment)
),
seen as (
  -- The capture by which each collection was known then.
  select moments.moment, capture.collection, max(capture.capture_id) as capture_id
  from moments
  join jamf_sync.captures as capture
    on capture.integration_id = %(integration_id)s and capture.status in ('complete', 'incomplete')
   and capture.captured_at <= moments.moment
  group by moments.moment, capture.collection
),
held_back as (
  select held.collection, held.capture_id, held.is_whole_record, version.version_id is not null as is_version,
         version.valid_from_capture, version.valid_to_capture
  from jamf_sync.quarantine as held
  left join jamf_sync.raw_jamf as version
    on version.collection = held.collection and version.version_id = held.version_id
  where held.integration_id = %(integration_id)s
),
quarantined as (
  select seen.moment, count(*) filter (where held.is_whole_record) as records,
         count(*) filter (where not held.is_whole_record) as fields
  from seen
  join held_back as held on held.collection = seen.collection
   and (held.capture_id = seen.capture_id
     or held.is_version and held.valid_from_capture <= seen.capture_id
       and coalesce(held.valid_to_capture > seen.capture_id, true))
  group by seen.moment
),
open_then as (
  select moments.moment, count(*) as conflicts
  from moments
  join jamf_sync.conflicts as conflict
    on conflict.integration_id = %(integration_id)s and conflict.opened_at <= moments.moment
   and coalesce(conflict.closed_at, conflict.resolved_at, 'infinity') > moments.moment
   and coalesce(conflict.resolved_at, 'infinity') > moments.moment
  group by moments.moment
)
select moments.moment, coalesce(open_then.conflicts, 0) as conflicts,
       coalesce(quarantined.records, 0) as records, coalesce(quarantined.fields, 0) as fields,
       known.moment is not null as has_captures
from moments
left join (select distinct moment from seen) as known on known.moment = moments.moment
left join open_then on open_then.moment = moments.moment
left join quarantined on quarantined.moment = moments.moment
order by moments.moment
