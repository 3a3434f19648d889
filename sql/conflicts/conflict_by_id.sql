-- One conflict with everything that is known of it. Parameters: integration_id, conflict_id. `last_seen_in_plan`: the newest plan of a sync
-- that found it; `is_linked`: whether its object is linked to its JAMF record; `reopened_*`: who took the last decision back.
select conflict.*,
       (select max(found.plan_id)
        from jamf_sync.plan_conflicts as found
        join jamf_sync.plans as plan on plan.plan_id = found.plan_id and plan.kind = 'sync' and plan.integration_id = %(integration_id)s
        where found.kind = conflict.kind and found.object_type = conflict.object_type and found.field is not distinct from conflict.field
          and case when conflict.object_id is not null then found.object_id = conflict.object_id
                   else found.object_id is null and found.external_type = conflict.external_type
                    and found.external_id = conflict.external_id end) as last_seen_in_plan,
       exists (
         select from moss_contract.integration_object_mappings() as mapping
         where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = conflict.object_type
           and mapping.internal_id = conflict.object_id and mapping.external_type = conflict.external_type
           and mapping.external_id = conflict.external_id) as is_linked
from jamf_sync.conflicts as conflict
where conflict.integration_id = %(integration_id)s and conflict.conflict_id = %(conflict_id)s
