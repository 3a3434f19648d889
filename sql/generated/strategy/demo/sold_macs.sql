-- Macs that M.O.S.S. still has and JAMF has not any more, before the demo's first sync: so many that
-- the guard does not believe it. Parameters: integration_id, row_limit. Writes devices and links, only
-- after demo/earlier_inventory and before the first capture. Their notes begin with 'The demo: '.
with sold (number, id) as materialized (
  select number, gen_random_uuid()
  from generate_series(1, %(row_limit)s::int) as number
  where exists (
      select from moss_contract.devices() as device
      where device.notes = 'The demo: bought in 2020, insured.')
    and not exists (select from jamf_sync.captures)
    and not exists (
      select from moss_contract.devices() as device
      where device.notes = 'The demo: sold in summer.')
),
devices as (
  insert into public.devices (
    id, serial_number, hostname,
    asset_tag, notes, device_type
  )
  select sold.id, 'C02SOLD' || lpad(sold.number::text, 5, '0'),
         'DEMO-SOLD-' || lpad(sold.number::text, 3, '0'),
         'DEMO-S' || lpad(sold.number::text, 3, '0'), 'The demo: sold in summer.', word.accepted
  from sold
  join moss_contract.vocabulary as word
    on word.domain = 'device_type' and word.canonical = 'laptop'
)
insert into public.integration_object_mappings (
  integration_config_id, external_type, external_id, internal_type, internal_id, sync_status,
  last_synced_at, external_data
)
select %(integration_id)s, 'computer', (900100 + sold.number)::text, 'device', sold.id, 'synced',
       now(), jsonb_build_object(
         'id', (900100 + sold.number)::text,
         'udid', 'DE310000-0000-4000-8000-' || lpad(sold.number::text, 12, '0'),
         'general', jsonb_build_object(
           'managementId', 'de310000-0000-4000-9000-' || lpad(sold.number::text, 12, '0')),
         'hardware', jsonb_build_object(
           'serialNumber', 'C02SOLD' || lpad(sold.number::text, 5, '0'),
           'model', 'MacBook Air (13-inch, M1, 2020)'))
from sold
