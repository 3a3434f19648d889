-- Puts back the M.O.S.S.-owned values of rows that undo earlier ones. Parameters: plan_id, object_type, first_row, last_row.
-- Through the contract's definer function, which proves that we replaced them and that what we wrote is still there.
select moss_contract.restore_owned(row_id)
from jamf_sync.change_plan
where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null and row_id between %(first_row)s and %(last_row)s
  and reason in ('reverted', 'link_declined')
  and after ?| array[
    'asset_tag', 'location_id', 'room_id', 'device_type', 'username', 'full_name', 'department']
order by row_id
