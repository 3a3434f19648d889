-- Names for ids that people are shown. Parameters: ids (uuid[]), plan_id: what the plan is yet to create has a name only there.
-- What the M.O.S.S. web application stored is HTML-escaped; people read it unescaped.
-- Grain: one id. Index: the primary keys of the M.O.S.S. tables; change_plan_rows.
with wanted as (
  select unnest(%(ids)s::uuid[]) as id
),
planned as (
  select distinct on (object_id) object_id as id, label from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type in ('person', 'location', 'room', 'device') and object_id = any (%(ids)s::uuid[])
  order by object_id, row_id
)
select wanted.id,
       coalesce(
         jamf_sync.unescaped(
           coalesce(person.full_name, location.name, room.name, device.hostname, device.serial_number)),
         planned.label) as name
from wanted
left join moss_contract.people() as person using (id)
left join moss_contract.locations() as location using (id)
left join moss_contract.rooms() as room using (id)
left join moss_contract.devices() as device using (id)
left join planned using (id)
