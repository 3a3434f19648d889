-- Points an existing link at the object that takes the deleted one's place, before link_objects finds it there.
-- Parameters: integration_id, plan_id, object_type, first_row, last_row.
update public.integration_object_mappings as mapping
set internal_id = planned.object_id
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s and planned.action in ('create', 'link') and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and mapping.integration_config_id = %(integration_id)s and mapping.external_type = planned.external_type
  and mapping.external_id = planned.external_id and mapping.internal_id <> planned.object_id
