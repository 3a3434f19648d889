-- Gives links back the record or the status they had before. Parameters: plan_id, first_row, last_row.
-- Guarded by what each was planned against. The document of a link stays: it is what the link last saw of its machine or
-- person, and what its former record says by now may be said of another one.
with pending as materialized (
  select * from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'mapping' and action = 'relink' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
changed as (
  update public.integration_object_mappings as mapping
  set external_type = coalesce(pending.after ->> 'external_type', mapping.external_type),
      external_id = coalesce(pending.after ->> 'external_id', mapping.external_id),
      sync_status = coalesce(pending.after ->> 'sync_status', mapping.sync_status),
      last_synced_at = now()
  from pending
  where mapping.id = (pending.details ->> 'mapping_id')::uuid and mapping.internal_id = pending.object_id
    and jsonb_build_object('external_type', mapping.external_type, 'external_id', mapping.external_id,
                           'sync_status', mapping.sync_status) @> pending.before
  returning mapping.id
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'The link changed since the plan was made.'
from pending
where change.row_id = pending.row_id
  and not exists (select from changed where changed.id = (pending.details ->> 'mapping_id')::uuid)
