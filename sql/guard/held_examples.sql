-- The first held rows of a kind, for people to judge by. Parameters: plan_id, guarded_kind, row_limit. A link is named by its object's
-- own name; `serial_number` is the one that a device has, or gets where it is new. Dependants of a held row say nothing new and are left out.
select change.row_id, coalesce(link.label, change.object_type) as object_type, change.action, change.external_id, change.before, change.after,
       change.details ->> 'previous_external_id' as previous_external_id,
       coalesce(jamf_sync.unescaped(device.serial_number), change.after ->> 'serial_number') as serial_number,
       case when change.object_type <> 'mapping' then change.label
            else jamf_sync.unescaped(
              coalesce(device.hostname, device.serial_number, person.full_name, moss_group.name, location.name))
       end as label
from jamf_sync.change_plan as change
left join lateral (select change.label where change.object_type = 'mapping') as link on true
left join moss_contract.devices() as device on coalesce(link.label, change.object_type) = 'device' and device.id = change.object_id
left join moss_contract.people() as person on link.label = 'person' and person.id = change.object_id
left join moss_contract.groups() as moss_group on link.label = 'group' and moss_group.id = change.object_id
left join moss_contract.locations() as location on link.label = 'location' and location.id = change.object_id
where change.plan_id = %(plan_id)s and change.outcome = 'held' and change.held_as = %(guarded_kind)s
  and change.object_type not in ('io', 'group_member')
  and (change.object_type <> 'mapping' or change.action <> 'update')
order by change.row_id
limit %(row_limit)s
