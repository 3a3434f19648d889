-- Plans the objects that are to be created: one row of change_plan each, with every value that JAMF gives and that a rule lets be
-- written. Parameters: integration_id, plan_id, object_type. Reads compared_objects, field_ownership.
-- Nothing is compared, so nothing is decided field by field: every field a comparison yields has a rule, those that are never given a
-- new object are taken out, and the few words that decided the rest are the same for all (jamf_sync.rule_of).
with creation as (
  select coalesce(array_agg(field) filter (where on_create = 'never'), '{}') as left_out,
         '{"*": "on_create"}' || coalesce(
           jsonb_object_agg(field, 'default') filter (where on_create = 'default'), '{}') as rules
  from jamf_sync.field_ownership
  where integration_id = %(integration_id)s and object_type = %(object_type)s
)
insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label,
                                   action, reason, after, rules, details)
select %(plan_id)s, object.object_type, object.object_id, object.external_type, object.external_id,
       object.label, 'create', object.reason, jsonb_strip_nulls(object.jamf - creation.left_out),
       creation.rules, object.details
from compared_objects as object
cross join creation
where object.object_type = %(object_type)s and object.action = 'create'
