-- What M.O.S.S. holds before the demo's first sync, so that every hard case of who is who is seen in
-- it: devices and people that somebody entered, and links to JAMF records that last saw other
-- hardware than JAMF has behind them now (simulator/hard_cases.py). Parameters: integration_id.
-- Writes devices, people, interfaces and links, only where M.O.S.S. holds none of these. The notes
-- of its devices begin with 'The demo: ', by which demo/devices_of_others knows them.
with is_empty as materialized (
  select true as yes
  where not exists (select from moss_contract.devices())
    and not exists (select from moss_contract.people())
    and not exists (select from moss_contract.integration_object_mappings())
),
known (id, serial_number, hostname, asset_tag, notes, jamf_number, machine, saw_serial, saw_model)
as materialized (
  select gen_random_uuid(), serial_number, hostname, asset_tag, 'The demo: ' || notes,
         jamf_number, machine, saw_serial, saw_model
  from is_empty
  cross join (values
    ('C02OLDDEM001', 'DEMO-OLD-MAC', 'DEMO-0001', 'bought in 2020, insured.', 1, 1,
     'C02OLDDEM001', 'MacBook Pro (13-inch, M1, 2020)'),
    ('C02OLDDEM002', 'DEMO-LEFT', 'DEMO-0002', 'on loan to the print shop.', 2, 2,
     'C02OLDDEM002', 'MacBook Pro (14-inch, 2024) M4'),
    ('C02DEMO00004', 'DEMO-RENUMBERED-B', 'DEMO-0004', 'with the scanner.', 3, 3,
     'C02DEMO00004', 'MacBook Pro (14-inch, 2024) M4'),
    ('C02DEMO00003', 'DEMO-RENUMBERED-A', 'DEMO-0003', 'with the plotter.', 4, 4,
     'C02DEMO00003', 'MacBook Pro (14-inch, 2024) M4'),
    ('C02DEMO0000S', 'DEMO-CORRECTED', 'DEMO-0005', 'mistyped when it came.', 5, 5,
     'C02DEMO0000S', 'MacBook Pro (14-inch, 2024) M4'),
    ('c02demo00006', null, 'DEMO-0006', 'typed from its box.', null, null, null, null),
    ('DEMO-DOCK-01', 'DEMO-DOCK', null, 'a dock on the second floor.', null, null, null, null),
    ('C02DEMO00019', null, 'DEMO-0019', 'deleted by mistake, entered again.', null, null, null,
     null)
  ) as known (serial_number, hostname, asset_tag, notes, jamf_number, machine, saw_serial, saw_model)
),
devices as (
  insert into public.devices (
    id, serial_number, hostname,
    asset_tag, notes, device_type
  )
  select known.id, known.serial_number, known.hostname, known.asset_tag, known.notes, word.accepted
  from known
  join moss_contract.vocabulary as word
    on word.domain = 'device_type' and word.canonical = 'laptop'
),
interfaces as (
  insert into public.ios (
    device_id, interface_name, interface_type, mac_address
  )
  select known.id, 'Ethernet', word.accepted, '00:1B:63:DE:30:13'
  from known
  join moss_contract.vocabulary as word
    on word.domain = 'interface_type' and word.canonical = 'ethernet'
  where known.hostname = 'DEMO-DOCK'
),
people as (
  insert into public.people (
    username, full_name, email_address,
    person_type, notes
  )
  select username, full_name, email_address, 'employee', 'The demo: ' || notes
  from is_empty
  cross join (values
    ('demo.jsmith', 'John Smith', 'john.smith@example.org', 'left in spring.'),
    ('demo.asmith', 'Ann Smith', 'ann.smith@example.org', 'works here.')
  ) as known (username, full_name, email_address, notes)
),
links (jamf_number, device_id, machine, saw_serial, saw_model) as (
  select jamf_number, id, machine, saw_serial, saw_model from known where jamf_number is not null
  union all
  -- To a device that is gone.
  select 19, gen_random_uuid(), 19, 'C02DEMO00019', 'MacBook Pro (14-inch, 2024) M4' from is_empty
)
insert into public.integration_object_mappings (
  integration_config_id, external_type, external_id, internal_type, internal_id, sync_status,
  last_synced_at, external_data
)
select %(integration_id)s, 'computer', (900000 + jamf_number)::text, 'device', device_id, 'synced',
       now(), jsonb_build_object(
         'id', (900000 + jamf_number)::text,
         'udid', 'DE300000-0000-4000-8000-' || lpad(machine::text, 12, '0'),
         'general', jsonb_build_object(
           'managementId', 'de300000-0000-4000-9000-' || lpad(machine::text, 12, '0')),
         'hardware', jsonb_build_object('serialNumber', saw_serial, 'model', saw_model))
from links
