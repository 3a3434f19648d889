-- Gives links back the record or the status they had before. Parameters: integration_id, plan_id, first_row, last_row.
-- Guarded by what each was planned against; one that gave its record up (revert/vacate_links) had it until then. Where another link
-- has the record by now, it stays as it is. The document of a link stays: it is what the link last saw of its machine or
-- person, and what its former record says by now may be said of another one.
with pending as materialized (
  select *, (details ->> 'mapping_id')::uuid as mapping_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'mapping' and action = 'relink' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
changed as (
  update public.integration_object_mappings as mapping
  set external_type = coalesce(pending.after ->> 'external_type', mapping.external_type),
      external_id = coalesce(
        pending.after ->> 'external_id', pending.before ->> 'external_id', mapping.external_id),
      sync_status = coalesce(pending.after ->> 'sync_status', mapping.sync_status),
      last_synced_at = now()
  from pending
  where mapping.id = pending.mapping_id and mapping.internal_id = pending.object_id
    and mapping.external_id in (
      pending.before ->> 'external_id',
      left(pending.before ->> 'external_id', 200) || ' (former link ' || mapping.id || ')')
    and jsonb_build_object('external_type', mapping.external_type, 'sync_status', mapping.sync_status)
        @> pending.before - 'external_id'
    and not exists (
      select from moss_contract.integration_object_mappings() as occupant
      where occupant.integration_config_id = %(integration_id)s and occupant.id <> mapping.id
        and occupant.external_type = coalesce(pending.after ->> 'external_type', pending.external_type)
        and occupant.external_id = pending.after ->> 'external_id')
  returning mapping.id
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'The link changed since the plan was made.'
from pending
where change.row_id = pending.row_id and pending.mapping_id not in (select id from changed)
