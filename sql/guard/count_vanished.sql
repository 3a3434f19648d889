-- Counts, for each mapped extension attribute, the devices that would lose its value, and those that have it.
-- Parameters: integration_id, plan_id, attributes (text[], the custom fields).
-- Reads change_plan, custom_field_values, integration_object_mappings. Only asked where attributes are mapped. Yields kind,
-- object_type, field, planned, linked.
with vanishing as materialized (
  select field.key as field, count(*)::integer as planned
  from jamf_sync.change_plan as change
  cross join lateral jsonb_each(change.after) as field
  where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.action <> 'create'
    and not change.details ? 'guarded_as'
    and field.key = any (%(attributes)s::text[]) and field.value = 'null' and change.before ->> field.key is not null
  group by field.key
)
select 'vanish' as kind, 'device' as object_type, vanishing.field, vanishing.planned, count(*)::integer as linked
from vanishing
join moss_contract.custom_field_values() as held
  on held.object_type = 'device' and held.field_name = vanishing.field and held.value is not null
join moss_contract.integration_object_mappings() as link
  on link.internal_id = held.object_id and link.internal_type = 'device'
 and link.integration_config_id = %(integration_id)s
group by vanishing.field, vanishing.planned
order by vanishing.field
