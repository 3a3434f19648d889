-- Remembers, as base for the next comparison, what was written and what both sides were seen to agree on.
-- Parameters: integration_id, plan_id, object_type, first_row, last_row. Fields the sync never updates have no base. What the base said of
-- a field of the row is replaced, the rest stays; nobody else writes it meanwhile (one apply per integration).
-- What was created holds what was written, whatever the rules; only of others the rules say what becomes base.
with never_updated as (
  select coalesce(array_agg(field), '{}') as fields from jamf_sync.field_ownership
  where integration_id = %(integration_id)s and object_type = %(object_type)s and on_update = 'never'
)
insert into jamf_sync.applied_values as stored (integration_id, object_type, object_id, values)
select %(integration_id)s, planned.object_type, planned.object_id,
  case when earlier.object_id is null then '{}'
       else earlier.values - array(select jsonb_object_keys(new.base)) end
  || jsonb_strip_nulls(new.base - (select fields from never_updated))
  -- Of an interface also which one it is: one that a person deletes is not created again.
  || case when planned.object_type = 'io' and planned.action = 'create' then jsonb_build_object(
       'device_id', planned.details ->> 'device_id', 'mac_address', planned.after ->> 'mac_address')
     else '{}' end
from jamf_sync.change_plan as planned
cross join lateral (
  select case when planned.action = 'create' then planned.agreed || planned.after
              else jamf_sync.new_base(planned.agreed, planned.after, planned.rules) end as base
) as new
left join jamf_sync.applied_values as earlier
  on earlier.integration_id = %(integration_id)s and earlier.object_type = planned.object_type
 and earlier.object_id = planned.object_id
where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s
  and planned.outcome is null and planned.action <> 'delete'
  and planned.row_id between %(first_row)s and %(last_row)s
on conflict (integration_id, object_type, object_id) do update set values = excluded.values
