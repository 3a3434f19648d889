-- How many changes of each guarded kind a plan holds, beside the linked objects of their type.
-- Parameters: integration_id, plan_id. Grain: kind and type of object; a kind without a change
-- yields no row. Whatever became of a row, it counts: the answer does not move while the plan is
-- applied. `linked`: links that are in force, and those that the plan makes by adopting what
-- M.O.S.S. had. A row that says itself what it is guarded as (details.guarded_as) counts as that
-- and nothing else: it is held whole. Of links whose JAMF id belongs to another by now (relink)
-- each id counts once, with all the rows that follow from it.
with changes as (
  select 'unenroll' as kind, label as object_type, count(*) as planned
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'mapping' and action = 'unenroll'
    and not details ? 'guarded_as'
  group by label
  union all
  select 'create', object_type, count(*)
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type in ('device', 'person') and action = 'create'
    and not details ? 'guarded_as'
  group by object_type
  union all
  select change.kind, 'device', count(*)
  from jamf_sync.change_plan as planned
  cross join lateral (values
    ('reassign', 'assigned_to_person_id'), ('rename', 'hostname'), ('reserial', 'serial_number')
  ) as change (kind, field)
  where planned.plan_id = %(plan_id)s and planned.object_type = 'device'
    and planned.action <> 'create'
    and not planned.details ? 'guarded_as'
    and planned.after ? change.field and planned.before ->> change.field is not null
    and (change.kind <> 'reserial'
      or jamf_sync.is_reserial(planned.action, planned.before, planned.after))
  group by change.kind
  union all
  select 'relink', affected.object_type, count(distinct planned.external_id)
  from jamf_sync.change_plan as planned
  cross join lateral (
    select case planned.object_type when 'mapping' then planned.label else planned.object_type end
  ) as affected (object_type)
  where planned.plan_id = %(plan_id)s and planned.object_type in ('location', 'person', 'device', 'group', 'mapping')
    and planned.details ->> 'guarded_as' = 'relink'
  group by affected.object_type
),
links as (
  select internal_type as object_type, count(*) as linked
  from moss_contract.integration_object_mappings()
  where integration_config_id = %(integration_id)s
    and coalesce(sync_status, '') not in ('deleted_external', 'deleted_internal')
  group by internal_type
),
adopted as (
  select object_type, count(*) as linked from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type <> 'mapping' and action = 'link'
    and outcome is distinct from 'applied'
  group by object_type
)
select kind, object_type, planned, coalesce(links.linked, 0) + coalesce(adopted.linked, 0) as linked
from changes
left join links using (object_type)
left join adopted using (object_type)
order by kind, object_type
