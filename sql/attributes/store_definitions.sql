-- Keeps the definitions of extension attributes as JAMF has them now; those it lacks are gone, and stay known.
-- Parameters: integration_id, record_type, definitions (jsonb array). Writes extension_attributes where something changed.
with defined as materialized (
  select * from jsonb_to_recordset(%(definitions)s) as definition (
    definition_id text, name text, data_type text, input_type text, is_multi_valued boolean, is_enabled boolean, choices text[])
),
gone as (
  update jamf_sync.extension_attributes as known set is_gone = true
  where known.integration_id = %(integration_id)s and known.record_type = %(record_type)s and not known.is_gone
    and not exists (select from defined where defined.definition_id = known.definition_id)
)
insert into jamf_sync.extension_attributes as known
  (integration_id, record_type, definition_id, name, data_type, input_type, is_multi_valued, is_enabled, choices)
select %(integration_id)s, %(record_type)s, definition_id, name, data_type, input_type, is_multi_valued, is_enabled, choices
from defined
on conflict (integration_id, record_type, definition_id) do update
set name = excluded.name, data_type = excluded.data_type, input_type = excluded.input_type,
    is_multi_valued = excluded.is_multi_valued, is_enabled = excluded.is_enabled, choices = excluded.choices, is_gone = false
where (known.name, known.data_type, known.input_type, known.is_multi_valued, known.is_enabled, known.choices, known.is_gone)
  is distinct from (excluded.name, excluded.data_type, excluded.input_type, excluded.is_multi_valued, excluded.is_enabled,
                    excluded.choices, false)
