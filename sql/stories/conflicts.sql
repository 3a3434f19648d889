-- The conflicts about an object or its JAMF record, open, decided and over, newest first.
-- Parameters: integration_id, object_id, external_type, external_id (null where not known). Grain:
-- one conflict; `serial_number`: of a device and what belongs to it. Those of interfaces carry the record's id before the address. Indexes:
-- conflicts_of_object, conflicts_of_record.
select conflict.conflict_id, conflict.kind, conflict.object_type, conflict.object_id,
       conflict.external_type, conflict.external_id, conflict.label,
       jamf_sync.serial_number_of(
         conflict.integration_id, conflict.object_type, conflict.label, conflict.object_id,
         conflict.external_type, conflict.external_id, null) as serial_number,
       conflict.field,
       conflict.jamf_value, conflict.moss_value, conflict.base_value, conflict.status,
       conflict.opened_at, conflict.opened_by_plan, conflict.closed_at, conflict.resolution,
       conflict.resolution_reason, conflict.resolved_by, conflict.resolved_at,
       conflict.carried_out_by_plan, conflict.detail, conflict.reopened_by, conflict.reopened_at
from jamf_sync.conflicts as conflict
where conflict.integration_id = %(integration_id)s
  and (conflict.object_id = %(object_id)s
    or conflict.external_id = %(external_id)s and conflict.external_type = %(external_type)s
    or %(external_type)s in ('computer', 'mobile_device')
      and conflict.external_type = %(external_type)s || '_interface'
      and conflict.external_id >= %(external_id)s || '/'
      and conflict.external_id < %(external_id)s || '0')
order by conflict.conflict_id desc
