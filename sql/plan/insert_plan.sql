-- Opens a plan; earlier ones of the integration that were never applied are superseded.
-- Parameters: integration_id, run_id, object_types, captures. Yields plan_id.
with superseded as (
  update jamf_sync.plans set status = 'superseded'
  where integration_id = %(integration_id)s and status = 'planned'
)
insert into jamf_sync.plans (integration_id, run_id, object_types, captures)
values (%(integration_id)s, %(run_id)s, %(object_types)s, %(captures)s)
returning plan_id
