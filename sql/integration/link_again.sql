-- Makes the links of an integration again, which M.O.S.S. deleted with the row of the former one. Parameters: integration_id.
-- Run once what the former one knew is this one's (contract/successors). Reads matches, applied plans, raw_jamf. Which object a
-- record was is what the last matching found; of records or objects that were gone by then, what the change log says of them
-- last. A link whose object is gone says so, and keeps it from being created again. Each keeps as last seen the last
-- document of its record, by which the next matching judges it.
with matched as (
  select 'computer' as external_type, jamf_id as external_id, 'device' as internal_type,
         case outcome when 'mapped' then device_id else coalesce(left_device_id, lost_id) end
           as internal_id
  from jamf_sync.device_matches
  where integration_id = %(integration_id)s
    and (outcome = 'mapped' or left_device_id is not null or lost_id is not null)
  union all
  select external_type, external_id, 'person', case outcome
           when 'mapped' then person_id
           else coalesce((evidence ->> 'lost')::uuid, (evidence ->> 'reused')::uuid) end
  from jamf_sync.person_matches
  where integration_id = %(integration_id)s
    and (outcome = 'mapped' or evidence ?| array['lost', 'reused'])
  union all
  select 'computer_group', jamf_id, 'group', case outcome when 'mapped' then group_id else lost_id end
  from jamf_sync.group_matches
  where integration_id = %(integration_id)s and (outcome = 'mapped' or lost_id is not null)
  union all
  select 'building', jamf_id, 'location', case outcome when 'mapped' then location_id else lost_id end
  from jamf_sync.location_matches
  where integration_id = %(integration_id)s and (outcome = 'mapped' or lost_id is not null)
),
logged as (
  select distinct on (change.object_type, change.external_type, change.external_id)
         change.external_type, change.external_id, change.object_type, change.object_id
  from jamf_sync.change_plan as change
  join jamf_sync.plans as plan on plan.plan_id = change.plan_id and plan.integration_id = %(integration_id)s
  where change.object_type in ('device', 'person', 'group', 'location') and change.outcome = 'applied'
    and change.action in ('create', 'link', 'move', 'return') and change.external_id is not null
  order by change.object_type, change.external_type, change.external_id, change.row_id desc
),
known as (
  select external_type, external_id, internal_type, internal_id, 1 as place
  from matched where internal_id is not null
  union all
  select external_type, external_id, object_type, object_id, 2 from logged
),
by_record as (
  select distinct on (external_type, external_id) * from known
  order by external_type, external_id, place
),
links as materialized (
  select distinct on (internal_type, internal_id) * from by_record
  order by internal_type, internal_id, place, external_type, external_id
),
objects as (
  select 'device' as internal_type, id as internal_id from moss_contract.devices()
  union all select 'person', id from moss_contract.people()
  union all select 'group', id from moss_contract.groups()
  union all select 'location', id from moss_contract.locations()
),
documents as (
  select distinct on (collection, jamf_id)
         case collection when 'computers' then 'computer' when 'users' then 'user'
           when 'groups' then 'computer_group' when 'buildings' then 'building' end as external_type,
         jamf_id as external_id, document, valid_to_capture is null as is_current
  from jamf_sync.raw_jamf
  where integration_id = %(integration_id)s
  order by collection, jamf_id, version_id desc
)
insert into public.integration_object_mappings
  (integration_config_id, external_type, external_id, internal_type, internal_id, sync_status,
   external_data, last_synced_at)
select %(integration_id)s, link.external_type, link.external_id, link.internal_type, link.internal_id,
  case when object.internal_id is null then 'deleted_internal'
       when document.is_current or link.external_type = 'computer_user' then 'synced'
       else 'deleted_external' end,
  coalesce(document.document, base.values, '{}'), now()
from links as link
left join objects as object
  on object.internal_type = link.internal_type and object.internal_id = link.internal_id
left join documents as document
  on document.external_type = link.external_type and document.external_id = link.external_id
left join jamf_sync.applied_values as base
  on base.integration_id = %(integration_id)s and base.object_type = link.internal_type
 and base.object_id = link.internal_id and link.external_type = 'computer_user'
