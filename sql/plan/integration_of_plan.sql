-- Whose plan a number is. Parameters: plan_id. Grain: the plan's row of integration_configs; none if either is gone.
select integration.name
from jamf_sync.plans as plan
join moss_contract.integration_configs() as integration on integration.id = plan.integration_id
where plan.plan_id = %(plan_id)s
