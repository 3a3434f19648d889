-- Writes the planned JAMF-owned fields of devices; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
with asked as materialized (
  select object_id, after from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
    and after ?| array[
      'serial_number', 'hostname', 'model', 'manufacturer', 'operating_system', 'os_version',
      'assigned_to_person_id'
    ]
),
written as (
  update public.devices as stored
  set serial_number = case when planned.after ? 'serial_number'
        then jamf_sync.storable(planned.after ->> 'serial_number') else stored.serial_number end,
      hostname = case when planned.after ? 'hostname'
        then jamf_sync.storable(planned.after ->> 'hostname') else stored.hostname end,
      model = case when planned.after ? 'model'
        then jamf_sync.storable(planned.after ->> 'model') else stored.model end,
      manufacturer = case when planned.after ? 'manufacturer'
        then jamf_sync.storable(planned.after ->> 'manufacturer') else stored.manufacturer end,
      operating_system = case when planned.after ? 'operating_system'
        then jamf_sync.storable(planned.after ->> 'operating_system') else stored.operating_system end,
      os_version = case when planned.after ? 'os_version'
        then jamf_sync.storable(planned.after ->> 'os_version') else stored.os_version end,
      assigned_to_id = case when planned.after ? 'assigned_to_person_id'
        then (planned.after ->> 'assigned_to_person_id')::uuid else stored.assigned_to_id end
  from asked as planned
  where (select moss_contract.open_public()) and stored.id = planned.object_id
  returning true
)
select moss_contract.require_written(
  'public.devices', (select count(*) from asked) - (select count(*) from written))
