-- What the newest capture holds of a computer, as far as it is shown. Reads raw_jamf, the contact times, captures and groups.
-- Writes nothing. Parameters: integration_id, jamf_id. Yields at most one row: the version that is current. captured_at: of
-- the newest capture that proves that it is, complete or the one that brought it. Names of groups as they are now.
select raw.document, contact.last_contact_at, contact.reported_at,
  (select capture.captured_at from jamf_sync.captures as capture
   where capture.integration_id = raw.integration_id and capture.collection = 'computers'
     and capture.status in ('complete', 'incomplete')
     and (capture.status = 'complete' and capture.sweep <> 'targeted'
       or capture.capture_id = raw.valid_from_capture)
   order by capture.capture_id desc limit 1) as captured_at,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', member.id, 'name', snapshot.name) order by snapshot.name, member.id)
    from jsonb_array_elements_text(
      case jsonb_typeof(raw.document -> 'staticGroupIds') when 'array' then raw.document -> 'staticGroupIds'
           else '[]' end) as member (id)
    join jamf_sync.raw_jamf_groups as of_group
      on of_group.collection = 'groups' and of_group.integration_id = raw.integration_id
     and of_group.jamf_id = member.id and of_group.valid_to_capture is null
    join jamf_sync.jamf_groups_snapshot as snapshot on snapshot.version_id = of_group.version_id
  ), '[]') as static_groups
from jamf_sync.raw_jamf_computers as raw
left join jamf_sync.jamf_computer_contacts as contact
  on contact.integration_id = raw.integration_id and contact.jamf_id = raw.jamf_id
where raw.collection = 'computers' and raw.integration_id = %(integration_id)s and raw.jamf_id = %(jamf_id)s
  and raw.valid_to_capture is null
