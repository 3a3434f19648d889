-- Takes out of the planned changes of devices a host name that another device has and keeps: it was given to it since the plan was
-- made, or the row that was to free it was refused. The device keeps its old name (a new one has none) and is planned anew next time.
-- Parameters: plan_id, first_row, last_row. Run after every check that refuses rows, in the same transaction, and only of use where
-- host names are unique. A device that keeps its name keeps others from taking it, and so on down a chain: hence the recursion.
with recursive renamed as materialized (
  select change.row_id, change.object_id, change.after ->> 'hostname' as wanted, jamf_sync.unescaped(device.hostname) as current
  from jamf_sync.change_plan as change
  left join moss_contract.devices() as device on device.id = change.object_id
  where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.outcome is null
    and change.row_id between %(first_row)s and %(last_row)s and change.after ->> 'hostname' is not null
    and (select is_available from moss_contract.capabilities where name = 'hostname_is_unique')
),
kept (hostname) as (
  select jamf_sync.unescaped(device.hostname) from moss_contract.devices() as device
  where jamf_sync.unescaped(device.hostname) in (select wanted from renamed)
    and not exists (select from renamed where renamed.object_id = device.id)
  union
  select renamed.current from renamed join kept on kept.hostname = renamed.wanted
),
taken as (
  select row_id from renamed where wanted in (select hostname from kept)
)
update jamf_sync.change_plan as change
set before = change.before - 'hostname', after = change.after - 'hostname', rules = change.rules - 'hostname',
    details = change.details || '{"left_out": ["hostname"]}',
    outcome = case when change.action = 'update' and change.after - 'hostname' = '{}' then 'refused' end,
    outcome_detail = 'Left out: another device has the host name ' || (change.after ->> 'hostname') || ' by now.'
from taken
where change.row_id = taken.row_id
  and change.row_id between %(first_row)s and %(last_row)s
