-- Who takes the lead of an object over takes over, as its own base, what the former lead last wrote or saw agreed: so an edit
-- that a person made meanwhile is known for one, and a field that a person emptied is not filled again. With a device go
-- its interfaces. Parameters: integration_id, object_types (those that are planned). Reads and writes object_leads, applied_values.
with taken_over as materialized (
  select object_type, object_id, previous_integration_id from jamf_sync.object_leads
  where integration_id = %(integration_id)s and previous_integration_id is not null
    and object_type = any (%(object_types)s)
),
inherited as (
  select base.object_type, base.object_id, base.values
  from taken_over
  join jamf_sync.applied_values as base
    on base.integration_id = taken_over.previous_integration_id
   and base.object_type = taken_over.object_type and base.object_id = taken_over.object_id
  union all
  select base.object_type, base.object_id, base.values
  from taken_over
  join jamf_sync.applied_values as base
    on base.integration_id = taken_over.previous_integration_id and base.object_type = 'io'
   and base.values ->> 'device_id' = taken_over.object_id::text
  where taken_over.object_type = 'device'
),
kept as (
  insert into jamf_sync.applied_values (integration_id, object_type, object_id, values)
  select %(integration_id)s::uuid, object_type, object_id, values from inherited
  on conflict (integration_id, object_type, object_id) do update set values = excluded.values
)
update jamf_sync.object_leads as lead set previous_integration_id = null
from taken_over
where lead.object_type = taken_over.object_type and lead.object_id = taken_over.object_id
