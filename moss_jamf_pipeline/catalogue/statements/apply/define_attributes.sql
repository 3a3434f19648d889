-- Makes the custom fields of mapped extension attributes that M.O.S.S. lacks. Those that the sync made are kept as JAMF has
-- them by renew_attribute_fields; one that people of M.O.S.S. made stays as it is. Parameters: integration_id. Reads
-- extension_attributes; writes custom_fields, and nothing where it has them.
-- Two integrations may share one: it is as the first of them says.
with wanted as materialized (
  select distinct on (attribute.field_name) attribute.field_name, attribute.field_type,
         jamf_sync.storable(attribute.label) as field_label, attribute.choices
  from jamf_sync.extension_attributes as attribute
  where (select moss_contract.open_public())
    and attribute.integration_id = %(integration_id)s and attribute.is_mapped and not attribute.is_adopted
    and not exists (
      select from jamf_sync.extension_attributes as other
      where other.field_name = attribute.field_name and other.is_mapped and not other.is_adopted
        and other.integration_id < attribute.integration_id)
  order by attribute.field_name
)
insert into {{ custom_fields }} (object_type, field_name, field_label, field_type{{ column of choices }})
select 'device', wanted.field_name, wanted.field_label, wanted.field_type{{ value of choices }}
from wanted
where not exists (
    select from {{ custom_fields }} as stored
    where stored.{{ custom_fields.object_type }} = 'device'
      and stored.{{ custom_fields.field_name }} = wanted.field_name)
