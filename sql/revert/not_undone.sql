-- What a revert leaves as it is, and why: rows that are refused, failed or locked, and fields of others that M.O.S.S. changed since.
-- Parameters: plan_id, row_limit. Grain: one row of the plan; `serial_number`: of a device and what belongs to it; `moved` has what was written and what is there, by field.
select change.row_id, case change.object_type when 'mapping' then change.label else change.object_type end as object_type,
       change.object_id, case change.object_type when 'mapping' then coalesce(change.details ->> 'name', change.external_id)
                              else change.label end as label,
       jamf_sync.serial_number_of(plan.integration_id, change.object_type, change.label, change.object_id, change.external_type,
         change.external_id, change.details) as serial_number,
       change.external_id, change.action, change.outcome, change.outcome_detail, coalesce(change.details -> 'moved', '{}') as moved,
       count(*) over () as total
from jamf_sync.change_plan as change
join jamf_sync.plans as plan using (plan_id)
where change.plan_id = %(plan_id)s and (change.outcome in ('refused', 'failed', 'locked') or change.details ? 'moved' or change.outcome_detail is not null)
order by change.row_id
limit %(row_limit)s
