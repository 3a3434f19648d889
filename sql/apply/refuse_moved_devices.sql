-- Refuses the planned changes of devices that M.O.S.S. has moved away from: the value planned against is not there any more, or the
-- room to be filled in lies in another location than the device by now.
-- Parameters: plan_id, first_row, last_row. Run after lock_devices, in the same transaction.
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = case
  when value.id is null then 'It no longer exists in M.O.S.S.'
  else 'M.O.S.S. changed since the plan was made; it is planned anew next time.' end
from jamf_sync.change_plan as planned
left join moss_contract.device_values as value on value.id = planned.object_id
where planned.plan_id = %(plan_id)s and planned.object_type = 'device' and planned.action <> 'create' and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and (value.id is null or not value.values @> planned.before
       or planned.after ->> 'room_id' is not null
          and coalesce(value.values ->> 'location_id', planned.after ->> 'location_id') is distinct from (
            select room.location_id::text from moss_contract.rooms as room where room.id = (planned.after ->> 'room_id')::uuid))
  and change.row_id = planned.row_id
