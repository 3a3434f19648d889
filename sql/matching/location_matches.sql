-- location_matches: which M.O.S.S. location each JAMF building is. Grain: one row per building of the capture.
-- Parameters: integration_id, buildings_capture, create_missing_locations.
-- Order: mapping, then the name (unescaped, case- and space-folded, exact). Two locations of that name are ambiguous; two
-- buildings of one name share a location, and only the first gets a mapping (mappings are unique in both directions).
-- A building whose location was deleted in M.O.S.S. is linked again to one of its name, and makes none, unless a person
-- decided that it shall (decisions, link_lost).
with buildings as materialized (
  select jamf_id, name, jamf_sync.match_key(name) as name_key
  from jamf_sync.jamf_buildings_at(%(integration_id)s, %(buildings_capture)s)
  where is_usable
),
mapped as (
  select building.jamf_id, mapping.internal_id as location_id, location.id is not null as location_exists
  from buildings as building
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'building'
   and mapping.internal_type = 'location' and mapping.external_id = building.jamf_id
  left join moss_contract.locations() as location on location.id = mapping.internal_id
),
candidates as (
  select building.jamf_id, building.name_key, count(location.id) as hits, (array_agg(location.id))[1] as location_id
  from buildings as building
  left join moss_contract.locations() as location on jamf_sync.match_key(location.name) = building.name_key
  where not exists (select from mapped where mapped.jamf_id = building.jamf_id and mapped.location_exists)
  group by building.jamf_id, building.name_key
),
ranked as (
  select candidate.*,
         row_number() over (partition by candidate.name_key order by jamf_sync.jamf_id_order(candidate.jamf_id), candidate.jamf_id) as place,
         taken.location_id is not null as is_taken
  from candidates as candidate
  left join (select distinct location_id from mapped) as taken on taken.location_id = candidate.location_id
),
lost as (
  -- A decision to make a location again lets go of the one that is gone.
  select mapped.jamf_id, mapped.location_id from mapped
  where not mapped.location_exists and not exists (
    select from jamf_sync.decisions as decision
    where decision.integration_id = %(integration_id)s and decision.object_type = 'location'
      and decision.kind = 'link_lost' and decision.external_id = mapped.jamf_id
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
matches as materialized (
  select %(integration_id)s::uuid as integration_id, building.jamf_id, building.name,
    case when mapped.location_exists then mapped.location_id
         when ranked.hits = 1 then ranked.location_id
         else creation.location_id end as location_id,
    case when mapped.location_exists then 'mapped'
         when ranked.hits > 1 then 'ambiguous'
         when ranked.hits = 1 and (ranked.is_taken or ranked.place > 1) then 'shared'
         when ranked.hits = 1 then 'matched'
         when lost.jamf_id is not null and creation.location_id is null then 'deleted_internal'
         when creation.location_id is null then 'missing'
         when ranked.place > 1 then 'shared'
         else 'create' end as outcome,
    case when mapped.location_exists or ranked.hits = 0 and lost.jamf_id is not null then 'mapping'
         when ranked.hits >= 1 then 'name' end as matched_by,
    lost.location_id as lost_id
  from buildings as building
  left join mapped on mapped.jamf_id = building.jamf_id
  left join ranked on ranked.jamf_id = building.jamf_id
  left join creations as creation on creation.name_key = ranked.name_key
  left join lost on lost.jamf_id = building.jamf_id
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
    lost_id = excluded.lost_id
