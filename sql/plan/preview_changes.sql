-- The first changes of a plan, field by field, for people to read: devices, and what belongs to them, with their serial number. Parameters: plan_id, object_type, row_limit.
select jamf_sync.named(change.label, coalesce(row.after ->> 'serial_number', jamf_sync.serial_number_of(
         plan.integration_id, row.object_type, row.label, row.object_id, row.external_type, row.external_id, row.details)))
         as label,
       change.action, change.field, change.before, change.after, change.rule, change.outcome
from jamf_sync.change_plan_fields as change
join jamf_sync.plans as plan on plan.plan_id = change.plan_id
join jamf_sync.change_plan as row on row.plan_id = change.plan_id and row.row_id = change.row_id
where change.plan_id = %(plan_id)s and change.object_type = %(object_type)s
  and change.row_id in (
    select row_id from jamf_sync.change_plan
    where plan_id = %(plan_id)s and object_type = %(object_type)s and action <> 'agree'
    order by row_id limit %(row_limit)s)
order by change.row_id, change.field
limit %(row_limit)s
