-- Counts on how many computers a capture saw each mapped extension attribute changed, and stops comparing one that changed on
-- more than a share of those that have it, in so many captures in a row: it changes by itself, and says nothing.
-- Parameters: integration_id, record_type, collection, capture_id, judged (text[], definition ids), changed_share, fewest, captures_in_a_row.
-- Yields those that are not compared from now on. Run after the capture is stored, once. Index: raw_jamf_closed, raw_jamf_current.
with changed as (
  select field.key as definition_id, count(*)::integer as devices
  from jamf_sync.raw_jamf as former
  join jamf_sync.raw_jamf as present
    on present.collection = %(collection)s and present.integration_id = %(integration_id)s
   and present.jamf_id = former.jamf_id and present.valid_to_capture is null
  cross join lateral jsonb_each(present.document -> 'extensionAttributes') as field
  where former.collection = %(collection)s and former.integration_id = %(integration_id)s
    and former.valid_to_capture = %(capture_id)s
    and former.document -> 'extensionAttributes' -> field.key <> field.value
  group by field.key
),
judged as (
  select known.definition_id, coalesce(changed.devices, 0) as devices,
         coalesce(changed.devices, 0) >= %(fewest)s
           and coalesce(changed.devices, 0) > %(changed_share)s * known.devices_with_value as is_busy
  from jamf_sync.extension_attributes as known
  left join changed using (definition_id)
  where known.integration_id = %(integration_id)s and known.record_type = %(record_type)s
    and known.is_mapped and known.not_compared_since is null and known.definition_id = any (%(judged)s::text[])
)
update jamf_sync.extension_attributes as known
set changed_devices = judged.devices, judged_capture = %(capture_id)s,
    busy_captures = case when judged.is_busy then known.busy_captures + 1 else 0 end,
    not_compared_since = case when judged.is_busy and known.busy_captures + 1 >= %(captures_in_a_row)s then now() end
from judged
where known.integration_id = %(integration_id)s and known.record_type = %(record_type)s
  and known.definition_id = judged.definition_id and known.judged_capture is distinct from %(capture_id)s
returning known.name, known.definition_id, known.changed_devices, known.not_compared_since is not null as is_not_compared
