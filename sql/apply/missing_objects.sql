-- Objects a plan says it created that are not in M.O.S.S., or not linked, and the names of the first ten: a device's with its serial
-- number. Parameters: plan_id, integration_id. Yields one row.
-- The outcome is looked at last: statistics from before the plan was applied know of no row with one, and for the one row that
-- PostgreSQL would expect it would look up each in six tables.
with created as (
  select row_id, object_type, object_id, outcome,
         coalesce(label, object_type) || coalesce(' (' || (after ->> 'serial_number') || ')', '') as name
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action = 'create'
),
present as (
  select 'location' as object_type, id as object_id from moss_contract.locations()
  union all select 'room', id from moss_contract.rooms()
  union all select 'person', id from moss_contract.people()
  union all select 'device', id from moss_contract.devices()
  union all select 'io', id from moss_contract.ios()
  union all select 'group', id from moss_contract.groups()
)
select count(*) filter (where present.object_id is null and created.outcome = 'applied') as missing,
       count(*) filter (where present.object_id is not null and mapping.id is null
                          and created.outcome = 'applied'
                          and created.object_type not in ('room', 'io')) as unlinked,
       (array_agg(created.name order by created.row_id) filter (
          where created.outcome = 'applied'
            and (present.object_id is null
                 or mapping.id is null and created.object_type not in ('room', 'io'))))[1:10] as names
from created
left join present using (object_type, object_id)
left join moss_contract.integration_object_mappings() as mapping
  on mapping.integration_config_id = %(integration_id)s
 and mapping.internal_type = created.object_type and mapping.internal_id = created.object_id
