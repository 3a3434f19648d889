-- What is known of an integration's extension attributes, by id. Parameters: integration_id, record_type.
select definition_id, name, data_type, input_type, is_multi_valued, is_enabled, choices, is_gone, devices_with_value,
       is_mapped, field_name, label, field_type, is_adopted, changed_devices, busy_captures, not_compared_since,
       unreadable_devices
from jamf_sync.extension_attributes
where integration_id = %(integration_id)s and record_type = %(record_type)s
order by definition_id
