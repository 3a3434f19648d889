-- Plans what happens to links: objects gone from JAMF (unenroll), gone from M.O.S.S.
-- (delete_internal), and new documents to keep.
-- Parameters: integration_id, plan_id, external_type, internal_type, collection, capture_id,
-- is_complete (of that capture), is_targeted (whether it was read by ids: then a record that became another machine proves nothing of
-- the machine it was, which JAMF may have under an id that nobody asked for).
-- Absence counts only when proven: without a complete capture nothing is called gone, nor is what
-- left the scope: its link stays as it is, with the document it is known by. Gone is also a device
-- whose record is another machine by now and that no other record is: the plan gives its record to
-- another device, or matching found it to be none of it (left_device_id). It is guarded as one with
-- the record's own row. What a link keeps as last seen of a machine is the evidence of the next
-- matching: it is replaced only by the document of a record that was found to be that machine, and
-- not while its new serial number cannot be written because another device has it (serial_taken), or
-- of which nothing may be kept. A link that is created, moved or brought back is part of its
-- object's own row, written in one transaction with it. Not gone is a machine whose UDID or
-- management id a record has that cannot be used: JAMF lists it, and does not say its serial number,
-- or it is out of scope. Nor is one whose record went to another while it may be a personally-owned
-- one that says nothing, under an id that another machine has left (device_matches).
with planned as materialized (
  select object_id, external_id, object_type = %(internal_type)s
         and external_type = %(external_type)s as is_of_record,
         details ->> 'guarded_as' as guarded_as, details ->> 'left_because' as left_because
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s
    and (object_type = %(internal_type)s and action in ('create', 'link', 'move', 'return')
      or object_type = 'mapping' and action = 'unlink' and label = %(internal_type)s)
),
in_doubt as (
  -- Who is not what the link says, while nobody knows who it is: the link keeps what it last saw of
  -- the one it led to.
  select external_id from jamf_sync.person_matches
  where integration_id = %(integration_id)s and %(internal_type)s = 'person'
    and external_type = %(external_type)s and outcome in ('ambiguous', 'contradicted')
  union all
  select jamf_id from jamf_sync.group_matches
  where integration_id = %(integration_id)s and %(internal_type)s = 'group'
    and outcome in ('ambiguous', 'deleted_internal')
  union all
  select jamf_id from jamf_sync.location_matches
  where integration_id = %(integration_id)s and %(internal_type)s = 'location'
    and outcome in ('ambiguous', 'shared', 'missing', 'deleted_internal')
),
unchanged_serials as (
  select distinct object_id from jamf_sync.plan_conflicts
  where plan_id = %(plan_id)s and kind = 'serial_taken' and %(internal_type)s = 'device'
),
objects as (
  select id from moss_contract.devices() where %(internal_type)s = 'device'
  union all select id from moss_contract.people() where %(internal_type)s = 'person'
  union all select id from moss_contract.groups() where %(internal_type)s = 'group'
  union all select id from moss_contract.locations() where %(internal_type)s = 'location'
),
computers as (
  select jamf_id, left_device_id, left_because, guarded_as,
         case when outcome in ('mapped', 'declined') then device_id end as held_device_id
  from jamf_sync.device_matches
  where integration_id = %(integration_id)s and %(internal_type)s = 'device'
),
mappings as materialized (
  select mapping.id, mapping.external_id, mapping.internal_id, mapping.sync_status,
         %(internal_type)s = 'device' and mapping.external_id like '%% (former link %%' as is_former,
         mapping.external_data is distinct from raw.document as is_document_new,
         raw.version_id, raw.document, object.id is not null as object_exists,
         -- Planned by its object, or, where another object takes its place, by its JAMF record.
         planned_object.object_id is not null as is_planned,
         planned_record.external_id is not null as is_taken,
         computer.left_device_id = mapping.internal_id is true as is_left,
         computer.held_device_id = mapping.internal_id is true
           and unchanged_serials.object_id is null as is_held,
         in_doubt.external_id is not null as is_in_doubt,
         coalesce(planned_record.guarded_as, computer.guarded_as) as guarded_as,
         coalesce(planned_record.left_because, computer.left_because) as left_because
  from moss_contract.integration_object_mappings() as mapping
  left join jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw
    on raw.jamf_id = mapping.external_id
  left join objects as object on object.id = mapping.internal_id
  left join computers as computer on computer.jamf_id = mapping.external_id
  left join unchanged_serials on unchanged_serials.object_id = mapping.internal_id
  left join in_doubt on in_doubt.external_id = mapping.external_id
  left join (
    select distinct object_id from planned where object_id is not null
  ) as planned_object on planned_object.object_id = mapping.internal_id
  left join (
    select external_id, min(guarded_as) as guarded_as, min(left_because) as left_because
    from planned where is_of_record and external_id is not null
    group by external_id
  ) as planned_record on planned_record.external_id = mapping.external_id
  where mapping.integration_config_id = %(integration_id)s
    and mapping.external_type = %(external_type)s and mapping.internal_type = %(internal_type)s
),
decided as (
  select mappings.*,
    case when is_planned then null
         -- Its record goes to another object, whose row sees to its link (apply/repoint_mappings).
         when is_taken and (not object_exists or %(internal_type)s <> 'device') then null
         when not object_exists
           then case when sync_status is distinct from 'deleted_internal' then 'delete_internal' end
         when version_id is null or is_taken and left_because is not null or is_left
           then case when %(is_complete)s and (version_id is null or not %(is_targeted)s)
                       and sync_status is distinct from 'deleted_external'
                     then 'unenroll' end
         when is_document_new and not is_in_doubt and not document ? 'outOfScope'
           and (is_held or %(internal_type)s <> 'device' or document ? 'personallyOwned')
           then 'update' end as action
  from mappings
),
unusable as materialized (
  select jamf_id, is_personally_owned, lower(udid) as udid, lower(management_id) as management_id
  from (
    select * from jamf_sync.jamf_computers_at(%(integration_id)s, %(capture_id)s)
    where %(external_type)s = 'computer'
    union all
    select * from jamf_sync.jamf_mobile_devices_at(%(integration_id)s, %(capture_id)s)
    where %(external_type)s = 'mobile_device'
  ) as record
  where not is_usable
),
missed as materialized (
  -- What links that would be called gone last saw; of no other link the document is unpacked.
  select decided.id,
         coalesce(
           lower(mapping.external_data ->> 'udid'),
           lower(mapping.external_data -> 'general' ->> 'udid')) as udid,
         lower(mapping.external_data -> 'general' ->> 'managementId') as management_id
  from decided
  join moss_contract.integration_object_mappings() as mapping on mapping.id = decided.id
  where decided.action = 'unenroll' and exists (select from unusable)
),
listed as (
  select missed.id from missed join unusable on unusable.udid = missed.udid
  union
  select missed.id from missed join unusable on unusable.management_id = missed.management_id
),
untold as materialized (
  select unusable.jamf_id
  from unusable
  join jamf_sync.change_plan as change
    on change.object_type = 'device' and change.action = 'move'
   and change.details ->> 'previous_external_id' = unusable.jamf_id
  join jamf_sync.plans as plan
    on plan.plan_id = change.plan_id and plan.integration_id = %(integration_id)s
  left join mappings on mappings.external_id = unusable.jamf_id
  where unusable.is_personally_owned
    and (change.plan_id = %(plan_id)s or change.outcome = 'applied' and mappings.id is null)
    and exists (select from decided where action = 'unenroll' and is_former)
)
insert into jamf_sync.change_plan
  (plan_id, object_type, object_id, external_type, external_id, label, action, reason, before,
   details)
select %(plan_id)s, 'mapping', internal_id, %(external_type)s, external_id, %(internal_type)s, action,
  case when action = 'delete_internal' then 'deleted_in_moss'
       when action = 'unenroll' and (is_taken or is_left) then coalesce(left_because, 'id_reused')
       when action = 'unenroll' then 'absent_from_jamf'
       else 'document_changed' end,
  jsonb_build_object('sync_status', sync_status),
  jsonb_strip_nulls(jsonb_build_object(
    'mapping_id', id, 'version_id', version_id, 'collection', %(collection)s,
    'guarded_as', case when action = 'unenroll' and (is_taken or is_left) then guarded_as end))
from decided
where action is not null and not exists (select from listed where listed.id = decided.id)
  and not (action = 'unenroll' and is_former and exists (select from untold))
-- In JAMF's order, for people who look at the first of them.
order by jamf_sync.jamf_id_order(external_id), external_id
