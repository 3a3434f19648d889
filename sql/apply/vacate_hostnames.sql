-- Takes host names off devices that are about to get another one, where a further row of the range wants the name: without this
-- first step a swap or a chain of renames would meet the unique constraint half-way. Parameters: plan_id, first_row, last_row.
-- Run after the rows are checked and before devices are created and overwritten, in the same transaction. Writes nothing otherwise.
with renamed as materialized (
  select object_id, action, after ->> 'hostname' as hostname from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and outcome is null and row_id between %(first_row)s and %(last_row)s
    and after ? 'hostname'
)
update public.devices as device
set hostname = null
from renamed
where (select moss_contract.open_public())
  and device.id = renamed.object_id and renamed.action <> 'create'
  and (select is_available from moss_contract.capabilities where name = 'hostname_is_unique')
  and jamf_sync.unescaped(device.hostname) in (select hostname from renamed)
