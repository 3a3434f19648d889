-- Takes out of the planned changes of devices what refers to a person, location or room that is not there: its own row was refused
-- or rejected, and must not keep the device out. It is planned anew next time; a row of which nothing is left is refused.
-- Parameters: plan_id, first_row, last_row. Run before refuse_moved_objects, in the same transaction.
with referring as (
  select planned.row_id, array_remove(array[
    case when planned.after ->> 'assigned_to_person_id' is not null and person.id is null
         then 'assigned_to_person_id' end,
    case when planned.after ->> 'location_id' is not null and location.id is null then 'location_id' end,
    case when planned.after ->> 'room_id' is not null and room.id is null then 'room_id' end], null) as missing
  from jamf_sync.change_plan as planned
  left join moss_contract.people() as person on person.id = (planned.after ->> 'assigned_to_person_id')::uuid
  left join moss_contract.locations() as location on location.id = (planned.after ->> 'location_id')::uuid
  left join moss_contract.rooms() as room on room.id = (planned.after ->> 'room_id')::uuid
  where planned.plan_id = %(plan_id)s and planned.object_type = 'device' and planned.outcome is null
    and planned.row_id between %(first_row)s and %(last_row)s
    and planned.after ?| array['assigned_to_person_id', 'location_id', 'room_id']
)
update jamf_sync.change_plan as change
set before = change.before - referring.missing, after = change.after - referring.missing, rules = change.rules - referring.missing,
    details = change.details || jsonb_build_object('left_out', referring.missing),
    outcome = case when change.action = 'update' and change.after - referring.missing = '{}' then 'refused' end,
    outcome_detail = 'Left out, because the object does not exist in M.O.S.S.: ' || array_to_string(referring.missing, ', ')
from referring
where change.row_id = referring.row_id and referring.missing <> '{}'
  and change.row_id between %(first_row)s and %(last_row)s
