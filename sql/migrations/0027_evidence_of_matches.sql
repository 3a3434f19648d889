-- Who a computer is, by evidence: what its link last saw of the machine, beside what the record
-- says now. What a link last saw is the document that it keeps
-- (integration_object_mappings.external_data). Matches that stand have no evidence; the next sync
-- makes them anew. Plans that stand are guarded as they were.

alter table jamf_sync.device_matches
  add column evidence jsonb not null default '{}',
  add column left_device_id uuid,
  add column left_because text,
  add column guarded_as text,
  add check (left_because in ('id_reused', 'hardware_replaced', 'deleted_in_moss')),
  add check (guarded_as = 'relink');
comment on column jamf_sync.device_matches.evidence is
  'What the link saw beside what the record says: {"agreed": [piece], "contradicted": {piece: [saw, says]}}';
comment on column jamf_sync.device_matches.left_device_id is
  'The device that the record is linked to, and is not (any more).';
comment on column jamf_sync.device_matches.left_because is
  'id_reused: all evidence contradicts; hardware_replaced: serial number and model changed; deleted_in_moss.';
comment on column jamf_sync.device_matches.guarded_as is
  'relink: the id of a link is another machine''s by now; what follows from it is guarded as one.';
comment on column jamf_sync.change_plan.held_as is
  'The kind of change whose limit holds the row: a key of sync_settings.guard.';

create function jamf_sync.serial_as_given(stored text) returns text
language sql immutable parallel safe as $$
  -- A serial number as it is staged: trimmed, else as JAMF has it.
  select nullif(btrim(stored, E' \t\r\n'), '')
$$;

create function jamf_sync.serial_agrees(saw text, moss text, says text) returns boolean
language sql immutable parallel safe as $$
  -- Whether what a link last saw and a record say the same serial number: exactly; M.O.S.S.'s own
  -- number, as people type it, only where the link saw none. Null: one of them is unknown.
  select case when saw = says or moss = says then true
    when saw is not null and says is not null then false
    else jamf_sync.serial_key(moss) = jamf_sync.serial_key(says) end
$$;

create function jamf_sync.hardware_agreed(
  serial_number boolean, udid boolean, management_id boolean
) returns jsonb
language sql immutable parallel safe as $$
  -- The evidence of a computer of which nothing contradicts. As almost all are like that, of
  -- constants.
  select case
    when serial_number and udid and management_id
      then '{"agreed": ["serial_number", "udid", "management_id"], "contradicted": {}}'::jsonb
    when serial_number and udid then '{"agreed": ["serial_number", "udid"], "contradicted": {}}'
    when serial_number and management_id
      then '{"agreed": ["serial_number", "management_id"], "contradicted": {}}'
    when udid and management_id then '{"agreed": ["udid", "management_id"], "contradicted": {}}'
    when serial_number then '{"agreed": ["serial_number"], "contradicted": {}}'
    when udid then '{"agreed": ["udid"], "contradicted": {}}'
    when management_id then '{"agreed": ["management_id"], "contradicted": {}}'
    else '{"agreed": [], "contradicted": {}}' end
$$;

create function jamf_sync.evidence(
  pieces text[], saw text[], says text[], agrees boolean[]
) returns jsonb
language sql immutable parallel safe as $$
  -- Evidence piece by piece; one of which nobody knows whether it agrees (null) is left out.
  select jsonb_build_object(
    'agreed', coalesce(jsonb_agg(piece order by place) filter (where does_agree), '[]'),
    'contradicted',
      coalesce(
        jsonb_object_agg(piece, jsonb_build_array(seen, said)) filter (where not does_agree), '{}'))
  from unnest(pieces, saw, says, agrees) with ordinality
    as told (piece, seen, said, does_agree, place)
$$;

create function jamf_sync.is_reserial(action text, before jsonb, after jsonb) returns boolean
language sql immutable parallel safe as $$
  -- Whether a row of a plan gives a linked device another serial number than a known one; another
  -- spelling is none.
  select action in ('update', 'move', 'return')
    and jamf_sync.serial_key(before ->> 'serial_number')
        <> jamf_sync.serial_key(after ->> 'serial_number')
$$;
