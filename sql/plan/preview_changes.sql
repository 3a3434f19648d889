-- The changes of a plan that are worth a look, for people to read, and why each is made: first what
-- was not written, then what changes an object that is there, then what is new. Parameters: plan_id,
-- object_type, row_limit. Grain: one field of an object; a new object is one row. Devices, and what
-- belongs to them, with their serial number.
with worth as materialized (
  select row_id, plan_id, object_type, object_id, external_type, external_id, action, label, reason,
         after, details, outcome, outcome_detail,
         case when outcome in ('failed', 'refused', 'held', 'locked') then 0
              when action = 'create' then 2 else 1 end as place
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = %(object_type)s and action <> 'agree'
  order by place, row_id
  limit %(row_limit)s
)
select coalesce(worth.outcome_detail, field.rule, worth.reason) as why,
       jamf_sync.named(worth.label, coalesce(worth.after ->> 'serial_number',
         jamf_sync.serial_number_of(plan.integration_id, worth.object_type, worth.label,
           worth.object_id, worth.external_type, worth.external_id, worth.details))) as label,
       worth.action, field.field, field.before, field.after, worth.outcome
from worth
join jamf_sync.plans as plan on plan.plan_id = worth.plan_id
left join jamf_sync.change_plan_fields as field
  on field.plan_id = worth.plan_id and field.row_id = worth.row_id and worth.action <> 'create'
order by worth.place, worth.row_id, field.field
limit %(row_limit)s
