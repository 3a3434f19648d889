-- A link with open conflicts says so, and stops saying so when they are gone. Parameters: integration_id.
-- Index: conflicts_open_by_object. One pass over the links; only those whose status differs are written, and of these
-- not those that another session holds locked: the next run finds them again. To be joined by hash: nobody
-- knows how many are disputed, and PostgreSQL up to 17 would go through all links of the integration for each conflict.
with disputed as materialized (
  select distinct object_id from jamf_sync.conflicts
  where integration_id = %(integration_id)s and status = 'open' and object_id is not null
),
due as materialized (
  select mapping.id, case when disputed.object_id is null then 'synced' else 'conflict' end as sync_status
  from moss_contract.integration_object_mappings() as mapping
  left join disputed on disputed.object_id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s
    and mapping.sync_status in ('synced', 'conflict')
    and (mapping.sync_status = 'conflict') <> (disputed.object_id is not null)
),
free as materialized (
  select id from public.integration_object_mappings where id in (select id from due)
  for no key update skip locked
)
update public.integration_object_mappings as mapping
set sync_status = due.sync_status
from due join free using (id)
where mapping.id = due.id
