-- The custom fields of devices that there are, or that are to be: M.O.S.S.'s own, and those given to extension attributes of any
-- integration. Reads custom_fields, extension_attributes. No parameters.
with given as materialized (
  select field_name, max(label) as label, bool_and(is_adopted) as is_adopted
  from jamf_sync.extension_attributes
  where field_name is not null
  group by field_name
),
existing as materialized (
  select field_name, jamf_sync.unescaped(field_label) as label
  from moss_contract.custom_fields()
  where object_type = 'device'
)
select field_name, coalesce(existing.label, given.label) as label, coalesce(given.is_adopted, true) as is_hand_made
from existing
full join given using (field_name)
order by field_name
