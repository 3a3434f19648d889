-- Refuses to create devices whose serial number M.O.S.S. has by now. Parameters: plan_id, first_row, last_row.
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'A device with this serial number exists by now.'
where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.action = 'create' and change.outcome is null
  and change.row_id between %(first_row)s and %(last_row)s
  and jamf_sync.serial_key(change.after ->> 'serial_number') in (
    select jamf_sync.serial_key(device.serial_number) from moss_contract.devices() as device
    where device.serial_number is not null
      and not exists (
        -- A device that gives its number up in this very plan is no twin of the new one.
        select from jamf_sync.change_plan as leaving
        where leaving.plan_id = %(plan_id)s and leaving.object_type = 'device' and leaving.object_id = device.id
          and leaving.after ? 'serial_number'))
