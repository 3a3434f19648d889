-- One conflict with everything that is known of it. Parameters: integration_id, conflict_id, collections (a JSON object: type of JAMF
-- record to the collection that it is in). `last_seen_in_plan`: the newest plan of a sync that found it; `is_linked`: whether its object is linked to its JAMF record; `reopened_*`: who took the last decision back; `jamf_as_of`,
-- `moss_as_of`, `base_as_of`: of when the three values are (when JAMF was read for that plan, when the plan was made, when a sync last
-- wrote the field); `serial_number`: of a device and what belongs to it.
select conflict.*, seen.plan_id as last_seen_in_plan, seen.created_at as moss_as_of,
       (select max(capture.captured_at)
        from jsonb_each_text(seen.captures) as used
        join jamf_sync.captures as capture on capture.capture_id = used.value::bigint
        where capture.collection = coalesce(%(collections)s::jsonb ->> conflict.external_type, 'computers')) as jamf_as_of,
       (select max(written.applied_at)
        from jamf_sync.change_plan as written
        where written.object_type = conflict.object_type and written.object_id = conflict.object_id
          and written.outcome = 'applied' and written.after ? conflict.field) as base_as_of,
       jamf_sync.serial_number_of(conflict.integration_id, conflict.object_type, conflict.label, conflict.object_id,
         conflict.external_type, conflict.external_id, null) as serial_number,
       exists (
         select from moss_contract.integration_object_mappings() as mapping
         where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = conflict.object_type
           and mapping.internal_id = conflict.object_id and mapping.external_type = conflict.external_type
           and mapping.external_id = conflict.external_id) as is_linked
from jamf_sync.conflicts as conflict
left join lateral (
  select plan.plan_id, plan.created_at, plan.captures
  from jamf_sync.plan_conflicts as found
  join jamf_sync.plans as plan on plan.plan_id = found.plan_id and plan.kind = 'sync' and plan.integration_id = %(integration_id)s
  where found.kind = conflict.kind and found.object_type = conflict.object_type and found.field is not distinct from conflict.field
    and case when conflict.object_id is not null then found.object_id = conflict.object_id
             else found.object_id is null and found.external_type = conflict.external_type
              and found.external_id = conflict.external_id end
  order by plan.plan_id desc
  limit 1
) as seen on true
where conflict.integration_id = %(integration_id)s and conflict.conflict_id = %(conflict_id)s
