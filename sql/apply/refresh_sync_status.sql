-- A link with open conflicts says so, and stops saying so when they are gone. Parameters: integration_id.
-- Index: conflicts_open_by_object. Only links whose status differs are written.
with disputed as materialized (
  select distinct object_id from jamf_sync.conflicts
  where integration_id = %(integration_id)s and status = 'open' and object_id is not null
),
due as (
  select mapping.id, 'conflict' as sync_status
  from moss_contract.integration_object_mappings() as mapping
  join disputed on disputed.object_id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.sync_status = 'synced'
  union all
  select mapping.id, 'synced'
  from moss_contract.integration_object_mappings() as mapping
  left join disputed on disputed.object_id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.sync_status = 'conflict'
    and disputed.object_id is null
)
update public.integration_object_mappings as mapping
set sync_status = due.sync_status
from due
where mapping.id = due.id
