-- Generated from moss_jamf_pipeline/catalogue/fields.csv by `make generate`; edit it there.
-- Defines the custom fields that the sync writes where this M.O.S.S. does not know them: it takes no value of
-- another. Writes custom_fields. What is defined there already, a person may have named otherwise: it stays.
insert into public.custom_fields (object_type, field_name, field_label) values
  ('person', 'imported_from_jamf', 'Imported from JAMF'),
  ('device', 'model_identifier', 'Model identifier'),
  ('device', 'processor_type', 'Processor type'),
  ('device', 'os_build', 'OS build'),
  ('device', 'form_factor', 'Form factor'),
  ('device', 'barcode_1', 'Barcode 1'),
  ('device', 'barcode_2', 'Barcode 2'),
  ('device', 'imei', 'IMEI'),
  ('device', 'phone_number', 'Phone number'),
  ('device', 'jamf_enrollment_status', 'JAMF enrolment status')
on conflict (object_type, field_name) do nothing;
