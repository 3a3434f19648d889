-- Locks the devices that a row range changes, so that what is checked next still holds when it is written.
-- Parameters: plan_id, first_row, last_row. In id order, so that two transactions never wait for each other.
select from public.devices
where id in (
  select object_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
)
order by id
for no key update
