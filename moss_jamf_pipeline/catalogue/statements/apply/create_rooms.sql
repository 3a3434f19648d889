-- Creates the planned rooms of a row range. Parameters: plan_id, first_row, last_row.
-- Refused: a room of that name exists by now, or its location does not.
with pending as (
  select *, (after ->> 'location_id')::uuid as location_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'room' and action = 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
refused as (
  select pending.row_id from pending
  where not exists (
    select from moss_contract.locations() as location where location.id = pending.location_id)
  union
  select pending.row_id
  from pending
  join moss_contract.rooms() as room
    on room.location_id = pending.location_id
   and jamf_sync.match_key(room.name) = jamf_sync.match_key(pending.after ->> 'name')
),
created as (
  insert into {{ rooms }} (
    {{ rooms.id }}, {{ rooms.location_id }},
    {{ created columns of room }}
  )
  select
    object_id, location_id,
    {{ created values of room }}
  from pending
  where (select moss_contract.open_public())
    and not exists (select from refused where refused.row_id = pending.row_id)
)
update jamf_sync.change_plan as change
set outcome = 'refused',
    outcome_detail = 'A room of this name exists by now, or its location does not.'
from refused
where change.row_id = refused.row_id
  and change.row_id between %(first_row)s and %(last_row)s
