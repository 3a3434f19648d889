-- Keeps label, type and choices of the custom fields of mapped extension attributes as JAMF has them. Parameters:
-- integration_id. Reads extension_attributes; writes custom_fields, by the one function that may, where something changed.
select moss_contract.renew_attribute_fields(%(integration_id)s)
