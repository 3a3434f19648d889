-- Keeps which extension attributes are mapped, to which custom field; the others are mapped no more, and keep their field's name.
-- Parameters: integration_id, record_type, mapped (jsonb array). Writes extension_attributes where something changed.
with wanted as materialized (
  select * from jsonb_to_recordset(%(mapped)s) as mapping (
    definition_id text, field_name text, label text, field_type text, is_adopted boolean)
),
unmapped as (
  update jamf_sync.extension_attributes as known
  set is_mapped = false, busy_captures = 0, not_compared_since = null
  where known.integration_id = %(integration_id)s and known.record_type = %(record_type)s and known.is_mapped
    and not exists (select from wanted where wanted.definition_id = known.definition_id)
)
update jamf_sync.extension_attributes as known
set is_mapped = true, field_name = wanted.field_name, label = wanted.label, field_type = wanted.field_type,
    is_adopted = wanted.is_adopted
from wanted
where known.integration_id = %(integration_id)s and known.record_type = %(record_type)s
  and known.definition_id = wanted.definition_id
  and (known.is_mapped, known.field_name, known.label, known.field_type, known.is_adopted)
    is distinct from (true, wanted.field_name, wanted.label, wanted.field_type, wanted.is_adopted)
