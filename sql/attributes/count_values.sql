-- Keeps on how many records each extension attribute had a value at a full sweep. Parameters: integration_id, record_type,
-- counts (jsonb object of definition id to number). Writes extension_attributes where a number changed.
update jamf_sync.extension_attributes as known
set devices_with_value = coalesce((%(counts)s::jsonb ->> known.definition_id)::integer, 0)
where known.integration_id = %(integration_id)s and known.record_type = %(record_type)s and not known.is_gone
  and known.devices_with_value is distinct from coalesce((%(counts)s::jsonb ->> known.definition_id)::integer, 0)
