-- Objects a plan says it created that are not in M.O.S.S., or not linked. Parameters: plan_id, integration_id.
with created as (
  select object_type, object_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action = 'create' and outcome = 'applied'
),
present as (
  select 'location' as object_type, id as object_id from moss_contract.locations()
  union all select 'room', id from moss_contract.rooms()
  union all select 'person', id from moss_contract.people()
  union all select 'device', id from moss_contract.devices()
  union all select 'io', id from moss_contract.ios()
  union all select 'group', id from moss_contract.groups()
)
select count(*) filter (where present.object_id is null) as missing,
       count(*) filter (where present.object_id is not null and mapping.id is null
                          and created.object_type not in ('room', 'io')) as unlinked
from created
left join present using (object_type, object_id)
left join moss_contract.integration_object_mappings() as mapping
  on mapping.integration_config_id = %(integration_id)s
 and mapping.internal_type = created.object_type and mapping.internal_id = created.object_id
