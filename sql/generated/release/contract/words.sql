-- The vocabulary and the capabilities of M.O.S.S. as released: the words that it accepts, and what
-- it can hold. Fills the tables of the contract, which are empty.

insert into moss_contract.vocabulary (domain, canonical, accepted) values
  ('device_type', 'laptop', 'computer'),
  ('device_type', 'workstation', 'computer'),
  ('device_type', 'mobile_device', 'mobile'),
  ('group_type', 'static', 'custom'),
  ('group_type', 'smart', 'jamf_smart_group'),
  ('interface_type', 'ethernet', 'ethernet'),
  ('interface_type', 'wifi', 'wifi'),
  ('interface_type', 'bluetooth', 'other'),
  ('interface_type', 'other', 'other'),
  ('person_type', 'employee', 'employee');

insert into moss_contract.capabilities (name, is_available, meaning) values
  ('group_members_hold_devices', false,
   'Groups hold people: members of a static group are the people assigned to its devices; the devices are listed in jamf_sync.group_device_members.'),
  ('hostname_is_unique', true,
   'Two devices cannot carry one host name: of two the one that has it keeps it, the other is a conflict.'),
  ('custom_fields_hold_values', false,
   'OS build, form factor, barcodes, enrolment status and the imported mark are kept in jamf_sync.custom_field_values.');
