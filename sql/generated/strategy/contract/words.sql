-- The vocabulary and the capabilities of M.O.S.S. as the strategy document writes it: the words
-- that it accepts, and what it can hold. Fills the tables of the contract, which are empty.

insert into moss_contract.vocabulary (domain, canonical, accepted) values
  ('device_type', 'laptop', 'Laptop'),
  ('device_type', 'workstation', 'Workstation'),
  ('device_type', 'mobile_device', 'Mobile Device'),
  ('group_type', 'static', 'custom'),
  ('group_type', 'smart', 'jamf_smart'),
  ('interface_type', 'ethernet', 'ethernet'),
  ('interface_type', 'wifi', 'wifi'),
  ('interface_type', 'bluetooth', 'other'),
  ('interface_type', 'other', 'other'),
  ('person_type', 'employee', 'employee');

insert into moss_contract.capabilities (name, is_available, meaning) values
  ('group_members_hold_devices', true,
   'Static groups list their devices.'),
  ('hostname_is_unique', false,
   'Two devices may carry one host name.'),
  ('custom_fields_hold_values', true,
   'OS build, form factor, barcodes, enrolment status and the imported mark are values of custom fields.');
