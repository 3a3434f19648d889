-- Closes a capture with what it found, and records the slots it covers: one asked for again is
-- covered by the newest capture of it. Writes captures, slot_captures. Yields the capture.
-- Parameters: integration_id, collection, capture_id, status, server_version, endpoint, total_count,
-- captured_count, changed_count, removed_count, rejected_count, requests, bytes_received,
-- incomplete_reasons, sweep, fetched_count, document_shape, slots (timestamptz[]).
with covered as (
  insert into jamf_sync.slot_captures (integration_id, collection, slot, capture_id)
  select %(integration_id)s, %(collection)s, slot, %(capture_id)s
  from unnest(%(slots)s::timestamptz[]) as slot
  on conflict (integration_id, collection, slot) do update set capture_id = excluded.capture_id
)
update jamf_sync.captures
set status = %(status)s, captured_at = now(), server_version = %(server_version)s,
    endpoint = %(endpoint)s, total_count = %(total_count)s, captured_count = %(captured_count)s,
    changed_count = %(changed_count)s, removed_count = %(removed_count)s,
    rejected_count = %(rejected_count)s, requests = %(requests)s,
    bytes_received = %(bytes_received)s, incomplete_reasons = %(incomplete_reasons)s,
    sweep = %(sweep)s, fetched_count = %(fetched_count)s, document_shape = %(document_shape)s
where capture_id = %(capture_id)s
returning capture_id, collection, status, captured_at, captured_count, changed_count, removed_count,
          rejected_count, incomplete_reasons, sweep
