-- group_matches: which M.O.S.S. group each JAMF computer group is. Grain: one row per group of the capture.
-- Parameters: integration_id, groups_capture.
-- Order: mapping, then a group of exactly the prefixed name that is linked to nothing and carries this external id or none, or
-- is linked to a JAMF group that is gone: deleted and made anew there, it keeps its group here; or that other JAMF servers link:
-- a group of one name is one group, whose external id is then the other's number. Of a group that something else than JAMF
-- links there is none. A group that was deleted in M.O.S.S. is linked again to one of its name, and not created again unless a
-- person decided so (decisions, link_lost). The prefix is added once, and the name cut to the 255 characters a group name may have.
with jamf_groups as materialized (
  select jamf_id, coalesce(is_smart, true) as is_smart,
         left(case when name like '[JAMF] %%' then name else '[JAMF] ' || name end, 255) as name
  from jamf_sync.jamf_groups_at(%(integration_id)s, %(groups_capture)s)
  where is_usable
),
mapped as (
  select jamf_group.jamf_id, mapping.internal_id as group_id, moss_group.id is not null as group_exists
  from jamf_groups as jamf_group
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'computer_group'
   and mapping.internal_type = 'group' and mapping.external_id = jamf_group.jamf_id
  left join moss_contract.groups() as moss_group on moss_group.id = mapping.internal_id
),
linked_elsewhere as materialized (
  select mapping.internal_id as group_id, bool_and(server.integration_id is not null) as is_jamf_only
  from moss_contract.integration_object_mappings() as mapping
  left join moss_contract.jamf_servers() as server on server.integration_id = mapping.integration_config_id
  where mapping.internal_type = 'group' and mapping.integration_config_id <> %(integration_id)s
  group by mapping.internal_id
),
candidates as (
  select jamf_group.jamf_id, count(moss_group.id) as hits, (array_agg(moss_group.id))[1] as group_id
  from jamf_groups as jamf_group
  join moss_contract.groups() as moss_group on jamf_sync.match_key(moss_group.name) = jamf_sync.match_key(jamf_group.name)
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'group'
   and mapping.internal_id = moss_group.id
  left join jamf_groups as linked on linked.jamf_id = mapping.external_id
  left join linked_elsewhere as elsewhere on elsewhere.group_id = moss_group.id
  where not exists (select from mapped where mapped.jamf_id = jamf_group.jamf_id and mapped.group_exists)
    and coalesce(elsewhere.is_jamf_only, true)
    and case when mapping.id is not null then linked.jamf_id is null
             when elsewhere.group_id is not null then true
             else coalesce(moss_group.external_id, jamf_group.jamf_id) = jamf_group.jamf_id end
  group by jamf_group.jamf_id
),
shared as (
  select group_id from candidates where hits = 1 group by group_id having count(*) > 1
),
lost as (
  -- A decision to make a group again lets go of the one that is gone.
  select mapped.jamf_id, mapped.group_id from mapped
  where not mapped.group_exists and not exists (
    select from jamf_sync.decisions as decision
    where decision.integration_id = %(integration_id)s and decision.object_type = 'group'
      and decision.kind = 'link_lost' and decision.external_id = mapped.jamf_id
      and decision.resolution = 'take_jamf')
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, jamf_group.jamf_id, jamf_group.name, jamf_group.is_smart,
    case when mapped.group_exists then mapped.group_id
         when candidate.hits = 1 and shared.group_id is null then candidate.group_id
         when candidate.hits is null and lost.jamf_id is null then coalesce(earlier.group_id, gen_random_uuid()) end as group_id,
    case when mapped.group_exists then 'mapped'
         when candidate.hits = 1 and shared.group_id is null then 'matched'
         when candidate.hits is not null then 'ambiguous'
         when lost.jamf_id is not null then 'deleted_internal'
         else 'create' end as outcome,
    case when mapped.group_exists then 'mapping' when candidate.hits is not null then 'name'
         when lost.jamf_id is not null then 'mapping' end as matched_by,
    lost.group_id as lost_id
  from jamf_groups as jamf_group
  left join mapped on mapped.jamf_id = jamf_group.jamf_id
  left join candidates as candidate on candidate.jamf_id = jamf_group.jamf_id
  left join shared on shared.group_id = candidate.group_id
  left join lost on lost.jamf_id = jamf_group.jamf_id
  left join jamf_sync.group_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.jamf_id = jamf_group.jamf_id and earlier.outcome = 'create'
),
removed as (
  delete from jamf_sync.group_matches as earlier
  where earlier.integration_id = %(integration_id)s
    and not exists (select from matches where matches.jamf_id = earlier.jamf_id)
)
insert into jamf_sync.group_matches
select * from matches
-- Less what stands already (docs/decisions/0006).
except select * from jamf_sync.group_matches where integration_id = %(integration_id)s
on conflict (integration_id, jamf_id) do update
set name = excluded.name, is_smart = excluded.is_smart, group_id = excluded.group_id, outcome = excluded.outcome,
    matched_by = excluded.matched_by, lost_id = excluded.lost_id
