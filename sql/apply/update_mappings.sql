-- Applies the planned changes of links themselves: gone from JAMF, gone from M.O.S.S., new
-- document. Parameters: plan_id, first_row, last_row. Guarded by the status each was planned
-- against. A document is what the link last saw of a machine: it is not kept while the machine's
-- new serial number was not written.
with unwritten as materialized (
  -- Devices whose new serial number was not written. Found once: they are few.
  select distinct object_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and outcome in ('refused', 'failed', 'locked')
    and after ? 'serial_number'
),
pending as (
  select planned.*, raw.document,
         planned.action = 'update' and unwritten.object_id is not null as is_unwritten,
         mapping.id is not null as is_as_planned
  from jamf_sync.change_plan as planned
  left join jamf_sync.raw_jamf as raw
    on raw.collection = planned.details ->> 'collection'
   and raw.version_id = (planned.details ->> 'version_id')::bigint
  left join unwritten on unwritten.object_id = planned.object_id
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.id = (planned.details ->> 'mapping_id')::uuid
   and mapping.sync_status is not distinct from planned.before ->> 'sync_status'
   and mapping.internal_id = planned.object_id
  where planned.plan_id = %(plan_id)s and planned.object_type = 'mapping'
    and planned.outcome is null
    and planned.action in ('unenroll', 'delete_internal', 'update')
    and planned.row_id between %(first_row)s and %(last_row)s
),
changed as (
  update public.integration_object_mappings as mapping
  set sync_status = case pending.action
        when 'unenroll' then 'deleted_external' when 'delete_internal'
          then 'deleted_internal' else mapping.sync_status end,
      external_data = case when pending.action = 'update'
        then coalesce(pending.document, mapping.external_data)
                           else mapping.external_data end,
      last_synced_at = now()
  from pending
  where mapping.id = (pending.details ->> 'mapping_id')::uuid
    and mapping.sync_status is not distinct from pending.before ->> 'sync_status'
    and mapping.internal_id = pending.object_id and not pending.is_unwritten
  returning mapping.id
)
update jamf_sync.change_plan as change
set outcome = case
      when pending.is_as_planned and not pending.is_unwritten then 'failed' else 'refused' end,
    outcome_detail = case
      when pending.is_unwritten
        then 'Its new serial number was not written; both are planned anew next time.'
      when pending.is_as_planned
        then moss_contract.silence_of('public.integration_object_mappings')
      else 'The link changed since the plan was made; it is planned anew next time.' end
from pending
where change.row_id = pending.row_id
  and change.row_id between %(first_row)s and %(last_row)s
  -- As NOT IN: nobody knows how many rows `changed` has, and NOT EXISTS would look through them
  -- link by link.
  and (pending.details ->> 'mapping_id')::uuid not in (select id from changed)
