-- Records that a capture covers these slots. A slot asked for again is covered by the newest capture of it.
-- Parameters: integration_id, collection, capture_id, slots (timestamptz[]).
insert into jamf_sync.slot_captures (integration_id, collection, slot, capture_id)
select %(integration_id)s, %(collection)s, slot, %(capture_id)s from unnest(%(slots)s::timestamptz[]) as slot
on conflict (integration_id, collection, slot) do update set capture_id = excluded.capture_id
