-- object_leads: which JAMF server leads the objects that this one found and another links or linked. Grain: one row per such
-- object; where there is one server there is none. Parameters: integration_id, object_types. Run after the matches, with every plan.
-- A server can lead while its link is in force: it is switched on, JAMF has the record, M.O.S.S. the object; this one may be
-- about to link. Of these leads whom a person chose (the newest decision), then the lower priority, then who leads
-- already (so one that comes back does not take it back), then who linked first. A former lead is kept until its base
-- was taken over. Yields of how many objects that is to be done for this server (plan/inherit_bases).
with servers as materialized (
  select integration_id, is_enabled, priority from moss_contract.jamf_servers()
),
found as materialized (
  select 'device' as object_type, device_id as object_id from jamf_sync.device_matches
  where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
    and 'device' = any (%(object_types)s) and device_id is not null
  union
  select 'person', person_id from jamf_sync.person_matches
  where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
    and 'person' = any (%(object_types)s) and person_id is not null
  union
  select 'group', group_id from jamf_sync.group_matches
  where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched')
    and 'group' = any (%(object_types)s) and group_id is not null
),
shared as materialized (
  -- Every link of another server to what this one found, in force or not.
  select found.object_type, found.object_id, server.integration_id, server.priority, mapping.created_at,
         server.is_enabled and coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal')
           as is_in_force
  from servers as server
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = server.integration_id
  join found on found.object_type = mapping.internal_type and found.object_id = mapping.internal_id
  where server.integration_id <> %(integration_id)s
),
leads as materialized (
  select lead.* from jamf_sync.object_leads as lead join found using (object_type, object_id)
),
contested as materialized (
  select object_type, object_id from shared union select object_type, object_id from leads
),
own as materialized (
  -- When this server linked the object; a link that is out of force counts as none.
  select contested.object_type, contested.object_id, mapping.created_at
  from contested
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = contested.object_type
   and mapping.internal_id = contested.object_id
   and coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal')
),
candidates as materialized (
  select object_type, object_id, integration_id, priority, created_at from shared where is_in_force
  union all
  select own.object_type, own.object_id, server.integration_id, server.priority, own.created_at
  from own join servers as server on server.integration_id = %(integration_id)s
),
chosen_by_people as (
  select decision.object_type, decision.object_id, decision.integration_id, max(decision.resolved_at) as decided_at
  from jamf_sync.decisions as decision
  join contested using (object_type, object_id)
  where decision.kind = 'other_server_differs' and decision.resolution = 'take_jamf'
  group by decision.object_type, decision.object_id, decision.integration_id
),
chosen as materialized (
  select distinct on (candidate.object_type, candidate.object_id) candidate.object_type, candidate.object_id,
         candidate.integration_id, candidate.created_at, lead.integration_id as present
  from candidates as candidate
  left join leads as lead on lead.object_type = candidate.object_type and lead.object_id = candidate.object_id
  left join chosen_by_people as decision
    on decision.object_type = candidate.object_type and decision.object_id = candidate.object_id
   and decision.integration_id = candidate.integration_id
  order by candidate.object_type, candidate.object_id, decision.decided_at desc nulls last, candidate.priority,
           (lead.integration_id = candidate.integration_id) is true desc, candidate.created_at nulls last,
           candidate.integration_id
),
led_without_saying as (
  -- Whom a server that has no link in force yet takes the object over from, where nothing was said of a lead.
  select distinct on (object_type, object_id) object_type, object_id, integration_id from shared
  order by object_type, object_id, is_in_force desc, created_at, integration_id
),
uncontested as (
  delete from jamf_sync.object_leads as lead using leads
  where lead.object_type = leads.object_type and lead.object_id = leads.object_id
    and lead.integration_id = %(integration_id)s and lead.previous_integration_id is null
    and not exists (
      select from shared where (shared.object_type, shared.object_id) = (lead.object_type, lead.object_id))
),
decided as (
  insert into jamf_sync.object_leads as lead (object_type, object_id, integration_id, previous_integration_id)
  select chosen.object_type, chosen.object_id, chosen.integration_id,
         case when chosen.integration_id = %(integration_id)s and chosen.created_at is null
              then former.integration_id end
  from chosen
  left join led_without_saying as former
    on former.object_type = chosen.object_type and former.object_id = chosen.object_id
  where chosen.present is distinct from chosen.integration_id
  on conflict (object_type, object_id) do update
  set integration_id = excluded.integration_id, since = now(),
      previous_integration_id = nullif(
        coalesce(lead.previous_integration_id, lead.integration_id), excluded.integration_id)
  returning lead.integration_id, lead.previous_integration_id
)
select (select count(*) from leads
        where integration_id = %(integration_id)s and previous_integration_id is not null)
     + (select count(*) from decided
        where integration_id = %(integration_id)s and previous_integration_id is not null) as taken_over
