-- What the newest capture holds of a computer or mobile device, as far as it is shown. Reads raw_jamf, the contact times, captures,
-- groups and, for the name of the operating system, which no mobile device tells, the typed rows.
-- Writes nothing. Parameters: integration_id, jamf_id. Yields at most one row: the version that is current. captured_at: of
-- the newest capture that proves that it is, complete or the one that brought it. Names of groups as they are now.
with computer as (
  select raw.integration_id, raw.jamf_id, raw.collection, raw.document, raw.valid_from_capture,
         snapshot.described ->> 'operating_system' as operating_system
  from jamf_sync.raw_jamf as raw
  left join jamf_sync.jamf_computers_snapshot as snapshot on snapshot.version_id = raw.version_id
  where raw.collection in ('computers', 'mobile_devices') and raw.integration_id = %(integration_id)s and raw.jamf_id = %(jamf_id)s
    and raw.valid_to_capture is null
),
newest as (
  select capture.captured_at
  from computer
  join jamf_sync.captures as capture
    on capture.integration_id = computer.integration_id and capture.collection = computer.collection
   and capture.status in ('complete', 'incomplete')
   and (capture.status = 'complete' or capture.capture_id = computer.valid_from_capture)
  order by capture.capture_id desc
  limit 1
),
memberships as (
  select jsonb_agg(jsonb_build_object('id', member.id, 'name', snapshot.name) order by snapshot.name, member.id) as groups
  from computer
  cross join lateral jsonb_array_elements_text(
    case jsonb_typeof(computer.document -> 'staticGroupIds') when 'array' then computer.document -> 'staticGroupIds'
         else '[]' end) as member (id)
  join jamf_sync.raw_jamf_groups as raw
    on raw.collection = 'groups' and raw.integration_id = computer.integration_id and raw.jamf_id = member.id
   and raw.valid_to_capture is null
  join jamf_sync.jamf_groups_snapshot as snapshot using (version_id)
)
select computer.document, computer.operating_system, contact.last_contact_at, contact.reported_at, newest.captured_at,
       coalesce(memberships.groups, '[]') as static_groups
from computer
left join jamf_sync.jamf_computer_contacts as contact
  on contact.integration_id = computer.integration_id and contact.jamf_id = computer.jamf_id
left join newest on true
left join memberships on true
