-- Creates the planned locations of a row range. Parameters: plan_id, first_row, last_row.
-- A location that a person created under that name meanwhile is not doubled: the row is refused and
-- planned anew next time.
with pending as (
  select * from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'location' and action = 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
refused as (
  select row_id from pending
  where exists (select from moss_contract.locations() as location
                where jamf_sync.match_key(location.name) = jamf_sync.match_key(pending.after ->> 'name'))
),
created as (
  insert into public.locations (
    id,
    name
  )
  select
    object_id,
    jamf_sync.storable(after ->> 'name')
  from pending
  where (select moss_contract.open_public())
    and not exists (select from refused where refused.row_id = pending.row_id)
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'A location of this name exists by now.'
from refused
where change.row_id = refused.row_id
  and change.row_id between %(first_row)s and %(last_row)s
