-- What a run left out of a plan because another session held what it needs. Parameters: plan_id,
-- since (or null): only what was left from then on. Grain: one type of object, of links that which
-- they link; `names` are the first three, devices with their serial number; `held_by`: who was at
-- work there.
with locked as (
  select row_id, object_id, external_id, label, after, details ->> 'held_by' as held_by,
         case object_type when 'mapping' then label else object_type end as object_type,
         object_type = 'mapping' as is_link
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and outcome = 'locked'
    and (%(since)s::timestamptz is null or applied_at >= %(since)s)
),
named as (
  select locked.row_id, locked.object_type, locked.is_link, locked.held_by,
         case when device.id is not null
              then concat_ws(
                ' ', jamf_sync.unescaped(device.hostname), '(' || device.serial_number || ')')
              when locked.object_type = 'device'
              then concat_ws(
                ' ', locked.after ->> 'hostname', '(' || (locked.after ->> 'serial_number') || ')')
              when locked.is_link then locked.external_id
              else coalesce(locked.label, locked.external_id) end as name
  from locked
  left join moss_contract.devices() as device
    on locked.object_type = 'device' and device.id = locked.object_id
)
select object_type, is_link, count(*) as rows, min(held_by) as held_by,
       (array_agg(name order by row_id))[1:3] as names
from named
group by object_type, is_link
order by object_type, is_link
