-- group_matches: which M.O.S.S. group each JAMF computer group is, and by which evidence. Grain: one row per group of the
-- capture. Parameters: integration_id, groups_capture. Reads what links last saw (external_data).
-- A record id is only a pointer. A link by JAMF id holds while its record says the name that it last saw. Another name is
-- another group's if another link saw it last: then that link moves. It is a new name of the same group, unless another record
-- has the old name, or the group was static and is smart (or the other way round), or most ids belong to other groups by now: a
-- server was rebuilt, and ids say nothing. Names are compared as M.O.S.S. would show them; one that several records have, or
-- several links saw, moves nothing, and a record of the name of another one that holds its link is ambiguous.
-- What no link is found for is matched by name: a group of exactly the prefixed name that is linked to nothing and carries this
-- external id or none; or is linked to a JAMF group that is gone: deleted and made anew there, it keeps its group here; or that
-- other JAMF servers link: a group of one name is one group, whose external id is then the other's number. Of a group that
-- something else than JAMF links there is none. A group that was deleted in M.O.S.S. is known by the name that its link saw,
-- whatever its id is by now: linked again to one of its name, and not created again unless a person decided so (decisions, link_lost).
with jamf_groups as materialized (
  select jamf_group.jamf_id, coalesce(jamf_group.is_smart, true) as is_smart,
         jamf_sync.group_name(jamf_group.name) as name,
         raw.document ->> 'name' as says_name,
         case raw.document ->> 'smartGroup' when 'true' then 'smart' when 'false' then 'static' end as says_kind,
         jamf_sync.match_key(jamf_sync.group_name(raw.document ->> 'name')) as says_key
  from jamf_sync.jamf_groups_at(%(integration_id)s, %(groups_capture)s) as jamf_group
  join jamf_sync.raw_jamf as raw
    on raw.collection = 'groups' and raw.version_id = jamf_group.version_id
  where jamf_group.is_usable
),
links as materialized (
  select mapping.external_id as jamf_id, mapping.internal_id as group_id,
         moss_group.id is not null as group_exists,
         mapping.external_data ->> 'name' as saw_name,
         case mapping.external_data ->> 'smartGroup' when 'true' then 'smart' when 'false' then 'static' end
           as saw_kind,
         jamf_sync.match_key(jamf_sync.group_name(mapping.external_data ->> 'name')) as saw_key
  from moss_contract.integration_object_mappings() as mapping
  left join moss_contract.groups() as moss_group on moss_group.id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'computer_group'
    and mapping.internal_type = 'group'
),
records as materialized (
  -- At home is a record that says what its link last saw, or whose link knows no name.
  select jamf_group.*, link.group_id as own_id, coalesce(link.group_exists, false) as own_exists,
         link.saw_name, link.saw_kind, link.jamf_id is not null as has_link,
         link.saw_kind <> jamf_group.says_kind as is_other_kind,
         link.jamf_id is not null and coalesce(link.saw_key = jamf_group.says_key, true) as is_at_home
  from jamf_groups as jamf_group
  left join links as link on link.jamf_id = jamf_group.jamf_id
),
homes as materialized (
  select distinct says_key from records where is_at_home
),
free_links as (
  -- Links whose record is gone, or says another name by now, by the name that they last saw.
  select link.saw_key, bool_or(link.group_exists) as group_exists,
         (array_agg(link.group_id order by link.group_exists desc))[1] as group_id,
         (array_agg(link.jamf_id order by link.group_exists desc))[1] as jamf_id
  from links as link
  left join records as record on record.jamf_id = link.jamf_id
  where link.saw_key is not null and record.is_at_home is not true
  group by link.saw_key
  having count(*) filter (where link.group_exists) <= 1
),
found as materialized (
  -- Records whose name one of these links saw.
  select record.jamf_id, link.jamf_id as link_jamf_id, link.group_id, link.group_exists,
         count(*) over (partition by link.saw_key) > 1 or homes.says_key is not null as is_doubtful
  from records as record
  join free_links as link on link.saw_key = record.says_key
  left join homes on homes.says_key = record.says_key
  where not record.is_at_home
),
judged as materialized (
  select record.*, found.link_jamf_id, found.group_id as found_id, found.group_exists as found_exists,
         coalesce(found.is_doubtful, homes.says_key is not null and not record.is_at_home) as is_doubtful,
         record.has_link and not record.is_at_home
           and (found.jamf_id is not null or homes.says_key is not null or taken.link_jamf_id is not null
             or coalesce(record.is_other_kind, false)) as is_contradicted,
         taken.link_jamf_id is not null as is_taken
  from records as record
  left join homes on homes.says_key = record.says_key
  left join found on found.jamf_id = record.jamf_id
  left join (select distinct link_jamf_id from found) as taken on taken.link_jamf_id = record.jamf_id
),
standing as materialized (
  select judged.*,
         judged.is_at_home or judged.has_link and not judged.is_contradicted and not rebuilt.is_likely as holds,
         found_exists and not is_doubtful as is_moved
  from judged
  cross join (
    select count(*) filter (where is_contradicted) > count(*) filter (where is_at_home) as is_likely
    from judged
  ) as rebuilt
),
claimed as (
  select own_id as group_id from standing where holds
  union all select found_id from standing where is_moved
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
  from standing as jamf_group
  join moss_contract.groups() as moss_group on jamf_sync.match_key(moss_group.name) = jamf_sync.match_key(jamf_group.name)
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'group'
   and mapping.internal_id = moss_group.id
  left join claimed on claimed.group_id = moss_group.id
  left join linked_elsewhere as elsewhere on elsewhere.group_id = moss_group.id
  where not (jamf_group.holds and jamf_group.own_exists) and jamf_group.is_moved is not true
    and not jamf_group.is_doubtful
    and claimed.group_id is null
    and coalesce(elsewhere.is_jamf_only, true)
    and (mapping.id is not null or elsewhere.group_id is not null
      or coalesce(moss_group.external_id, jamf_group.jamf_id) = jamf_group.jamf_id)
  group by jamf_group.jamf_id
),
shared as (
  select group_id from candidates where hits = 1 group by group_id having count(*) > 1
),
lost as (
  -- A decision to make a group again lets go of the one that is gone.
  select jamf_id, case when holds then own_id else found_id end as group_id
  from standing
  where (holds and not own_exists or not holds and not is_doubtful and not found_exists)
    and not exists (
      select from jamf_sync.decisions as decision
      where decision.integration_id = %(integration_id)s and decision.object_type = 'group'
        and decision.kind = 'link_lost' and decision.external_id = standing.jamf_id
        and decision.resolution = 'take_jamf')
),
decided as materialized (
  select jamf_group.*, candidate.group_id as candidate_id, lost.group_id as lost_id,
    case when jamf_group.holds and jamf_group.own_exists then 'mapped'
         when jamf_group.is_doubtful then 'ambiguous'
         when jamf_group.is_moved then 'moved'
         when candidate.hits = 1 and shared.group_id is null then 'matched'
         when candidate.hits is not null then 'ambiguous'
         when lost.jamf_id is not null then 'deleted_internal'
         else 'create' end as outcome
  from standing as jamf_group
  left join candidates as candidate on candidate.jamf_id = jamf_group.jamf_id
  left join shared on shared.group_id = candidate.group_id
  left join lost on lost.jamf_id = jamf_group.jamf_id
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, decided.jamf_id, decided.name, decided.is_smart,
    case decided.outcome when 'mapped' then own_id when 'moved' then found_id when 'matched' then candidate_id
      when 'create' then coalesce(earlier.group_id, gen_random_uuid()) end as group_id,
    decided.outcome,
    case when decided.outcome in ('mapped', 'deleted_internal') then 'mapping'
         when decided.outcome <> 'create' then 'name' end as matched_by,
    decided.lost_id,
    case when decided.outcome = 'moved' then link_jamf_id end as previous_jamf_id,
    case when is_left and not is_taken then own_id end as left_group_id,
    case when is_left or decided.outcome = 'moved' and former.jamf_id is not null then 'relink' end as guarded_as,
    case when decided.outcome = 'moved' or has_link and decided.saw_name is not null then jamf_sync.evidence(
      array['name', 'kind'],
      array[case when decided.outcome = 'moved' then link.saw_name else decided.saw_name end,
            case when decided.outcome = 'moved' then link.saw_kind else decided.saw_kind end],
      array[decided.says_name, decided.says_kind],
      array[decided.outcome = 'moved' or is_at_home,
            case when decided.outcome = 'moved' then link.saw_kind = decided.says_kind else not is_other_kind end])
      else '{}' end as evidence
  from decided
  cross join lateral (
    select has_link and own_exists and not holds and decided.outcome in ('create', 'matched', 'moved') as is_left
  ) as leaving
  left join links as link on link.jamf_id = decided.link_jamf_id
  left join jamf_groups as former on former.jamf_id = decided.link_jamf_id
  left join jamf_sync.group_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.jamf_id = decided.jamf_id and earlier.outcome = 'create'
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
    matched_by = excluded.matched_by, lost_id = excluded.lost_id, previous_jamf_id = excluded.previous_jamf_id,
    left_group_id = excluded.left_group_id, guarded_as = excluded.guarded_as, evidence = excluded.evidence
