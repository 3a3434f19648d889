-- What matching found for a JAMF record, or which records it found to be an object. Parameters:
-- integration_id, object_type, object_id, external_type, external_id (null where not known). Grain:
-- one record; that of the record that is asked for comes first. Indexes: the primary keys of the
-- matches, device_matches_device.
with found as (
  select jamf_sync.device_record_type(jamf_id) as external_type, jamf_id as external_id,
         device_id as object_id, outcome, matched_by, evidence, previous_jamf_id as previous_external_id, twin_of, left_because,
         lost_id, person_id, location_id, room_id, null::text as username, null::text as full_name,
         null::text as email, null::text as phone, null::text as job_title, null::text as name,
         null::boolean as is_smart
  from jamf_sync.device_matches
  where %(object_type)s = 'device' and integration_id = %(integration_id)s
    and (jamf_id = %(external_id)s or device_id = %(object_id)s)
  union all
  select external_type, external_id, person_id, outcome, matched_by, evidence,
         previous_external_id, null, null, (evidence ->> 'lost')::uuid, person_id, null, null,
         username, full_name, email, phone, job_title, null, null
  from jamf_sync.person_matches
  where %(object_type)s = 'person' and integration_id = %(integration_id)s
    and (external_type = %(external_type)s and external_id = %(external_id)s
      or person_id = %(object_id)s)
  union all
  select 'computer_group', jamf_id, group_id, outcome, matched_by, '{}', null, null, null, lost_id,
         null, null, null, null, null, null, null, null, name, is_smart
  from jamf_sync.group_matches
  where %(object_type)s = 'group' and integration_id = %(integration_id)s
    and (jamf_id = %(external_id)s or group_id = %(object_id)s)
)
select found.*, place.name as location_name, room.name as room_name
from found
left join moss_contract.locations() as place on place.id = found.location_id
left join moss_contract.rooms() as room on room.id = found.room_id
order by found.external_id = %(external_id)s desc nulls last,
         found.outcome in ('mapped', 'moved', 'matched') desc, found.external_type desc,
         found.external_id
