-- Links new, adopted, moved and returned objects to their JAMF record, with the document as JAMF's last-known state.
-- Parameters: integration_id, plan_id, object_type, linked_collections (text[]), first_row, last_row. In the transaction that writes the object.
-- A link is unique in both directions; one that moves keeps its row, so its history stays.
with written as (
  insert into public.integration_object_mappings
    (integration_config_id, external_type, external_id, internal_type, internal_id, sync_status, external_data, last_synced_at)
  select %(integration_id)s, planned.external_type, planned.external_id, planned.object_type, planned.object_id, 'synced',
         coalesce(raw.document, planned.after - array['notes', 'person_type', 'imported_from_jamf']), now()
  from jamf_sync.change_plan as planned
  left join jamf_sync.raw_jamf as raw
    on raw.collection = any (%(linked_collections)s) and raw.integration_id = %(integration_id)s and raw.valid_to_capture is null
   and planned.external_type <> 'computer_user' and raw.jamf_id = planned.external_id
  where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s and planned.outcome is null
    and planned.action in ('create', 'link', 'move', 'return') and planned.row_id between %(first_row)s and %(last_row)s
  on conflict (integration_config_id, internal_type, internal_id) do update
  set external_type = excluded.external_type, external_id = excluded.external_id, sync_status = excluded.sync_status,
      external_data = excluded.external_data, last_synced_at = excluded.last_synced_at
  returning true
)
select moss_contract.require_written('public.integration_object_mappings', (
    select count(*) from jamf_sync.change_plan as planned
    where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s
      and planned.outcome is null and planned.action in ('create', 'link', 'move', 'return')
      and planned.row_id between %(first_row)s and %(last_row)s
  ) - (select count(*) from written))
