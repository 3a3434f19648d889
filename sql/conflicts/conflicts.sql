-- conflicts: brings the queue in step with what a sync's plan found; other plans find nothing. Parameters: integration_id, plan_id, object_types.
-- A conflict is opened once, refreshed while it lasts, not opened again for a pair of values that a person decided on nor for a field
-- that is pinned, and closed when the plan no longer finds it. What only a person can confirm (an adopted device, an overwritten
-- edit, another serial number, a device that its record has left) stays open, unless the object is gone or has a record of its own again. What the guard holds
-- did not happen: nothing is told of it. Decisions are left alone: the roles this runs under could not touch them.
with identities_held as materialized (
  select distinct external_type, external_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type in ('location', 'person', 'device', 'group') and outcome = 'held'
    and held_as in ('reserial', 'relink')
),
found as materialized (
  select distinct on (object_type, named.object_key, kind, coalesce(field, ''))
         conflict.*, named.object_key
  from jamf_sync.plan_conflicts as conflict
  cross join lateral (
    select coalesce(object_id::text, conflict.external_type || ':' || conflict.external_id)
  ) as named (object_key)
  left join identities_held as held
    on held.external_type = conflict.external_type and held.external_id = conflict.external_id
   and conflict.kind in ('serial_changed', 'hardware_replaced', 'id_reused')
  where plan_id = %(plan_id)s and held.external_id is null
  order by object_type, named.object_key, kind, coalesce(field, '')
),
back as (
  -- Objects that their record had left, and that have one of their own again.
  select conflict.conflict_id
  from jamf_sync.conflicts as conflict
  join (
    select 'device' as object_type, device_id as object_id from jamf_sync.device_matches
    where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
    union all
    select 'person', person_id from jamf_sync.person_matches
    where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
    union all
    select 'group', group_id from jamf_sync.group_matches
    where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
    union all
    select 'location', location_id from jamf_sync.location_matches
    where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
  ) as match on match.object_type = conflict.object_type and match.object_id = conflict.object_id
  where conflict.integration_id = %(integration_id)s and conflict.status = 'open'
    and conflict.kind in ('hardware_replaced', 'id_reused')
    and conflict.object_type = any (%(object_types)s)
),
over as materialized (
  select conflict.conflict_id
  from jamf_sync.conflicts as conflict
  join jamf_sync.plans as plan on plan.plan_id = %(plan_id)s and plan.kind = 'sync'
  left join found
    on found.object_type = conflict.object_type and found.kind = conflict.kind
   and found.object_key = coalesce(conflict.object_id::text, conflict.external_type || ':' || conflict.external_id)
   and coalesce(found.field, '') = coalesce(conflict.field, '')
  left join moss_contract.devices() as device on conflict.object_type = 'device' and device.id = conflict.object_id
  left join moss_contract.people() as person on conflict.object_type = 'person' and person.id = conflict.object_id
  left join moss_contract.locations() as location on conflict.object_type = 'location' and location.id = conflict.object_id
  left join moss_contract.groups() as moss_group on moss_group.id = conflict.object_id
  left join (select distinct conflict_id from back) as back on back.conflict_id = conflict.conflict_id
  where conflict.integration_id = %(integration_id)s and conflict.status = 'open'
    and conflict.object_type = any (%(object_types)s)
    and case
      when conflict.kind not in (
        'serial_not_linked', 'human_edit_overwritten', 'likely_duplicate', 'serial_changed',
        'linked_again', 'hardware_replaced', 'id_reused') then found.kind is null
      when back.conflict_id is not null then found.kind is null
      when conflict.object_type = 'device' then device.id is null
      when conflict.object_type = 'person' then person.id is null
      when conflict.object_type = 'location' then location.id is null
      else moss_group.id is null end
),
closed as (
  update jamf_sync.conflicts as conflict set status = 'closed', closed_at = now()
  from over
  where conflict.conflict_id = over.conflict_id and conflict.status = 'open'
  returning conflict.conflict_id
),
opened as (
  insert into jamf_sync.conflicts as conflict
    (integration_id, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, moss_value, base_value,
     detail, opened_by_plan)
  select %(integration_id)s, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, moss_value, base_value,
         detail, plan_id
  from found
  where not exists (
    select from jamf_sync.conflicts as resolved
    where resolved.integration_id = %(integration_id)s and resolved.status = 'resolved' and resolved.object_type = found.object_type
      and coalesce(resolved.object_id::text, resolved.external_type || ':' || resolved.external_id) = found.object_key
      and resolved.field is not distinct from found.field
      and (resolved.resolution = 'pin' or resolved.kind = found.kind
        and resolved.jamf_value is not distinct from found.jamf_value and resolved.moss_value is not distinct from found.moss_value
        and (found.kind <> 'serial_not_linked' or resolved.external_id is not distinct from found.external_id)))
  on conflict (integration_id, object_type, (coalesce(object_id::text, external_type || ':' || external_id)), kind, (coalesce(field, '')))
    where status = 'open'
  do update set external_type = excluded.external_type, external_id = excluded.external_id, label = excluded.label,
                jamf_value = excluded.jamf_value, moss_value = excluded.moss_value, base_value = excluded.base_value, detail = excluded.detail
  where (conflict.external_id, conflict.jamf_value, conflict.moss_value, conflict.label, conflict.detail)
        is distinct from (excluded.external_id, excluded.jamf_value, excluded.moss_value, excluded.label, excluded.detail)
  returning conflict_id, opened_by_plan
)
select (select count(*) from opened where opened_by_plan = %(plan_id)s) as opened, (select count(*) from closed) as closed
