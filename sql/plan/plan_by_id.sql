-- One plan. Parameters: plan_id. `superseded_by`: the newer plan that took its place, if there is one.
select plan.plan_id, plan.integration_id, plan.status, plan.kind, plan.slot, plan.object_types, plan.captures, plan.created_at,
       plan.applied_at, plan.validated_at, plan.guarded_at,
       case when plan.kind <> 'what_if' then (
         select max(newer.plan_id) from jamf_sync.plans as newer
         where newer.integration_id = plan.integration_id and newer.plan_id > plan.plan_id and newer.kind <> 'what_if') end as superseded_by
from jamf_sync.plans as plan
where plan.plan_id = %(plan_id)s
