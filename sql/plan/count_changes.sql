-- How many objects a plan changes, of those that plan_rows pages through. Parameters: plan_id,
-- object_type (or null for all), guarded_kind (or null: only what is held as that), action, field,
-- rule, label_pattern (each or null).
-- Yields one row. Index: change_plan_rows.
select count(*) as objects
from jamf_sync.change_plan
where plan_id = %(plan_id)s and action <> 'agree'
  and (%(object_type)s::text is null or object_type = %(object_type)s)
  and (%(guarded_kind)s::text is null or held_as = %(guarded_kind)s)
  and (%(action)s::text is null or action = %(action)s)
  and (%(field)s::text is null or after ? %(field)s)
  and (%(rule)s::text is null or case when rules = '{}' then reason = %(rule)s else exists (
    select from jsonb_object_keys(after) as changed (name) where jamf_sync.rule_of(rules, changed.name) = %(rule)s) end)
  and (%(label_pattern)s::text is null
       or jamf_sync.folded(coalesce(label, external_id)) like jamf_sync.folded(%(label_pattern)s))
