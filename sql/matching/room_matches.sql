-- room_matches: which M.O.S.S. room each (building, room text) of the devices is. Grain: one row per location and room name.
-- Parameters: integration_id, computers_capture, mobile_devices_capture, create_missing_locations. Reads location_matches.
-- A room is looked for inside its own location only: room names repeat across buildings. A room text without a
-- known building cannot be placed and yields no row.
with named_rooms as materialized (
  select location.location_id, jamf_sync.match_key(computer.room) as room_key, min(computer.room) as name
  from jamf_sync.jamf_devices_at(
    %(integration_id)s, %(computers_capture)s, %(mobile_devices_capture)s) as computer
  join jamf_sync.location_matches as location
    on location.integration_id = %(integration_id)s and location.jamf_id = computer.building_id
  where computer.is_usable and computer.room is not null and location.location_id is not null
  group by location.location_id, jamf_sync.match_key(computer.room)
),
candidates as (
  select named.location_id, named.room_key, named.name, count(room.id) as hits, (array_agg(room.id))[1] as room_id
  from named_rooms as named
  left join moss_contract.rooms() as room
    on room.location_id = named.location_id and jamf_sync.match_key(room.name) = named.room_key
  group by named.location_id, named.room_key, named.name
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, candidate.location_id, candidate.room_key, candidate.name,
    case when candidate.hits = 1 then candidate.room_id
         when candidate.hits = 0 and %(create_missing_locations)s then coalesce(earlier.room_id, gen_random_uuid()) end as room_id,
    case when candidate.hits = 1 then 'matched'
         when candidate.hits > 1 then 'ambiguous'
         when %(create_missing_locations)s then 'create'
         else 'missing' end as outcome
  from candidates as candidate
  left join jamf_sync.room_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.location_id = candidate.location_id
   and earlier.room_key = candidate.room_key and earlier.outcome = 'create'
),
removed as (
  delete from jamf_sync.room_matches as earlier
  where earlier.integration_id = %(integration_id)s
    and not exists (
      select from matches where matches.location_id = earlier.location_id and matches.room_key = earlier.room_key)
)
insert into jamf_sync.room_matches
select * from matches
-- Less what stands already (docs/decisions/0006).
except select * from jamf_sync.room_matches where integration_id = %(integration_id)s
on conflict (integration_id, location_id, room_key) do update
set name = excluded.name, room_id = excluded.room_id, outcome = excluded.outcome
