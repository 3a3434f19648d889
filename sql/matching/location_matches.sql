-- location_matches: which M.O.S.S. location each JAMF building is, and by which evidence. Grain: one row per building of the
-- capture. Parameters: integration_id, buildings_capture, create_missing_locations. Reads what links last saw (external_data).
-- A record id is only a pointer. A link by JAMF id holds while its record says the name that it last saw, whatever the location
-- is called in M.O.S.S. Another name is another building's if another link saw it last: then that link moves. It is a new name
-- of the same building, unless another record has the old name, or a location that nothing links has the new one, or most ids
-- belong to other buildings by now: a server was rebuilt, and ids say nothing. What no link is found for is matched by the name of the location (unescaped, case- and
-- space-folded, exact). Two locations of that name are ambiguous; buildings of one name share a location, and only one has a
-- link (links are unique in both directions): whose link holds, else the first. A building whose location was deleted in
-- M.O.S.S. is known by the name that its link saw, whatever its id is by now: linked again to one of its name, and making none,
-- unless a person decided that it shall (decisions, link_lost).
with buildings as materialized (
  select building.jamf_id, building.name, jamf_sync.match_key(building.name) as name_key,
         raw.document ->> 'name' as says_name,
         jamf_sync.match_key(raw.document ->> 'name') as says_key
  from jamf_sync.jamf_buildings_at(%(integration_id)s, %(buildings_capture)s) as building
  join jamf_sync.raw_jamf as raw
    on raw.collection = 'buildings' and raw.version_id = building.version_id
  where building.is_usable
),
links as materialized (
  select mapping.external_id as jamf_id, mapping.internal_id as location_id,
         location.id is not null as location_exists, mapping.external_data ->> 'name' as saw_name,
         jamf_sync.match_key(mapping.external_data ->> 'name') as saw_key
  from moss_contract.integration_object_mappings() as mapping
  left join moss_contract.locations() as location on location.id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'building'
    and mapping.internal_type = 'location'
),
records as materialized (
  -- At home is a record that says what its link last saw, or whose link knows no name.
  select building.*, link.location_id as own_id, coalesce(link.location_exists, false) as own_exists,
         link.saw_name, link.jamf_id is not null as has_link,
         link.jamf_id is not null and coalesce(link.saw_key = building.says_key, true) as is_at_home
  from buildings as building
  left join links as link on link.jamf_id = building.jamf_id
),
homes as materialized (
  select distinct on (says_key) says_key, own_id as location_id
  from records
  where is_at_home and own_exists
  order by says_key, jamf_sync.jamf_id_order(jamf_id), jamf_id
),
free_links as (
  -- Links whose record is gone, or says another name by now, by the name that they last saw.
  select link.saw_key, bool_or(link.location_exists) as location_exists,
         (array_agg(link.location_id order by link.location_exists desc))[1] as location_id,
         (array_agg(link.jamf_id order by link.location_exists desc))[1] as jamf_id
  from links as link
  left join records as record on record.jamf_id = link.jamf_id
  where link.saw_key is not null and record.is_at_home is not true
  group by link.saw_key
  having count(*) filter (where link.location_exists) <= 1
),
found as materialized (
  -- Records whose name one of these links saw, and that no record which holds its link has.
  select record.jamf_id, link.jamf_id as link_jamf_id, link.location_id, link.location_exists,
         row_number() over (
           partition by link.saw_key
           order by jamf_sync.jamf_id_order(record.jamf_id), record.jamf_id) as place
  from records as record
  join free_links as link on link.saw_key = record.says_key
  left join homes on homes.says_key = record.says_key
  where not record.is_at_home and homes.says_key is null
),
namesakes as materialized (
  -- Locations that nothing links, of the new name of a building whose own location is called otherwise.
  select record.jamf_id
  from records as record
  join moss_contract.locations() as own on own.id = record.own_id
  join moss_contract.locations() as location on jamf_sync.match_key(location.name) = record.name_key
  where record.has_link and not record.is_at_home
    and jamf_sync.match_key(own.name) <> record.name_key
    and not exists (select from links where links.location_id = location.id)
  group by record.jamf_id
  having count(*) = 1
),
judged as materialized (
  select record.*, found.link_jamf_id, found.location_id as found_id, found.place as found_place,
         coalesce(found.location_exists, false) as found_exists,
         case when not record.is_at_home then homes.location_id end as home_id,
         taken.link_jamf_id is not null as is_taken,
         record.has_link and not record.is_at_home
           and (found.jamf_id is not null or homes.says_key is not null
             or taken.link_jamf_id is not null or namesake.jamf_id is not null) as is_contradicted
  from records as record
  left join homes on homes.says_key = record.says_key
  left join found on found.jamf_id = record.jamf_id
  left join (select distinct link_jamf_id from found) as taken on taken.link_jamf_id = record.jamf_id
  left join namesakes as namesake on namesake.jamf_id = record.jamf_id
),
standing as materialized (
  select judged.*,
         judged.is_at_home or judged.has_link and not judged.is_contradicted and not rebuilt.is_likely as holds
  from judged
  cross join (
    select count(*) filter (where is_contradicted) > count(*) filter (where is_at_home) as is_likely
    from judged
  ) as rebuilt
),
known as materialized (
  -- Whom a link or a name that links know tells.
  select standing.*,
    case when holds and own_exists then own_id when home_id is not null then home_id
         when found_exists then found_id end as known_id,
    case when holds and own_exists then 'mapped' when home_id is not null then 'shared'
         when found_exists then case found_place when 1 then 'moved' else 'shared' end end as known_as
  from standing
),
candidates as (
  select building.jamf_id, building.name_key, count(location.id) as hits, (array_agg(location.id))[1] as location_id
  from known as building
  left join moss_contract.locations() as location on jamf_sync.match_key(location.name) = building.name_key
  where building.known_id is null
  group by building.jamf_id, building.name_key
),
ranked as (
  select candidate.*,
         row_number() over (partition by candidate.name_key order by jamf_sync.jamf_id_order(candidate.jamf_id), candidate.jamf_id) as place,
         taken.location_id is not null as is_taken
  from candidates as candidate
  left join (
    select distinct known_id as location_id from known where known_id is not null
  ) as taken on taken.location_id = candidate.location_id
),
lost as (
  -- A decision to make a location again lets go of the one that is gone.
  select jamf_id, case when holds then own_id else found_id end as location_id
  from known
  where known_id is null and (holds or found_id is not null)
    and not exists (
      select from jamf_sync.decisions as decision
      where decision.integration_id = %(integration_id)s and decision.object_type = 'location'
        and decision.kind = 'link_lost' and decision.external_id = known.jamf_id
        and decision.resolution = 'take_jamf')
),
creations as (
  -- The id chosen for a location is kept until the location exists.
  select ranked.name_key, coalesce(earlier.location_id, gen_random_uuid()) as location_id
  from ranked
  left join jamf_sync.location_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.jamf_id = ranked.jamf_id and earlier.outcome = 'create'
  where ranked.hits = 0 and ranked.place = 1 and %(create_missing_locations)s
    and not exists (select from lost where lost.jamf_id = ranked.jamf_id)
),
decided as materialized (
  select building.*, lost.location_id as lost_id, ranked.hits,
    case when building.known_id is not null then building.known_id
         when ranked.hits = 1 then ranked.location_id
         else creation.location_id end as location_id,
    case when building.known_id is not null then building.known_as
         when ranked.hits > 1 then 'ambiguous'
         when ranked.hits = 1 and (ranked.is_taken or ranked.place > 1) then 'shared'
         when ranked.hits = 1 then 'matched'
         when lost.jamf_id is not null and creation.location_id is null then 'deleted_internal'
         when creation.location_id is null then 'missing'
         when ranked.place > 1 then 'shared'
         else 'create' end as outcome
  from known as building
  left join ranked on ranked.jamf_id = building.jamf_id
  left join creations as creation on creation.name_key = ranked.name_key
  left join lost on lost.jamf_id = building.jamf_id
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, decided.jamf_id, decided.name, decided.location_id, decided.outcome,
    case when decided.outcome in ('mapped', 'deleted_internal') then 'mapping'
         when decided.known_id is not null or decided.hits >= 1 then 'name' end as matched_by,
    decided.lost_id,
    case when decided.outcome = 'moved' then link_jamf_id end as previous_jamf_id,
    case when is_left and not is_taken then own_id end as left_location_id,
    case when is_left or decided.outcome = 'moved' and former.jamf_id is not null then 'relink' end as guarded_as,
    case when decided.outcome = 'moved' then '{"agreed": ["name"], "contradicted": {}}'
         when has_link and saw_name is not null then jamf_sync.evidence(
           array['name'], array[saw_name], array[decided.says_name], array[is_at_home])
         else '{}' end as evidence
  from decided
  cross join lateral (
    select has_link and own_exists and not holds and decided.outcome in ('create', 'matched', 'moved') as is_left
  ) as leaving
  left join buildings as former on former.jamf_id = decided.link_jamf_id
),
removed as (
  delete from jamf_sync.location_matches as earlier
  where earlier.integration_id = %(integration_id)s
    and not exists (select from matches where matches.jamf_id = earlier.jamf_id)
)
insert into jamf_sync.location_matches
select * from matches
-- Less what stands already (docs/decisions/0006).
except select * from jamf_sync.location_matches where integration_id = %(integration_id)s
on conflict (integration_id, jamf_id) do update
set name = excluded.name, location_id = excluded.location_id, outcome = excluded.outcome, matched_by = excluded.matched_by,
    lost_id = excluded.lost_id, previous_jamf_id = excluded.previous_jamf_id,
    left_location_id = excluded.left_location_id, guarded_as = excluded.guarded_as, evidence = excluded.evidence
