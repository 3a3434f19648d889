-- Counts, of the mapped extension attributes that hold numbers or dates, the computers of a capture whose value is none, and keeps that.
-- Parameters: integration_id, record_type, capture_id. Reads the snapshot; writes extension_attributes where a number changed.
-- Yields those of which that was told never before, or that had none. Staging keeps such a value as the text it is.
with read as (
  select attribute.definition_id, count(*)::integer as devices
  from jamf_sync.extension_attributes as attribute
  join jamf_sync.jamf_computers_at(%(integration_id)s, %(capture_id)s) as computer
    on computer.described ->> attribute.field_name is not null
  where attribute.integration_id = %(integration_id)s and attribute.record_type = %(record_type)s and attribute.is_mapped
    and computer.described ->> attribute.field_name !~ case attribute.field_type
      when 'number' then '^-?[0-9]+([.][0-9]+)?$' when 'date' then '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' end
  group by attribute.definition_id
),
present as (
  select attribute.definition_id, attribute.unreadable_devices as told, read.devices
  from jamf_sync.extension_attributes as attribute
  left join read using (definition_id)
  where attribute.integration_id = %(integration_id)s and attribute.record_type = %(record_type)s
    and attribute.unreadable_devices is distinct from read.devices
)
update jamf_sync.extension_attributes as attribute
set unreadable_devices = present.devices
from present
where attribute.integration_id = %(integration_id)s and attribute.record_type = %(record_type)s
  and attribute.definition_id = present.definition_id
returning attribute.name, attribute.definition_id, attribute.field_type, present.devices,
          present.told is null and present.devices is not null as is_new
