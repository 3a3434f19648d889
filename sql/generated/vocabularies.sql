-- Generated from moss_jamf_pipeline/catalogue (vocabularies.py) by `make generate`; edit it there.
-- The words that columns may hold and statements go by, one function for each list.
-- Run before the migrations, which name these functions, and again by every `moss-jamf init`.

create or replace function jamf_sync.conflict_kinds() returns text[]
language sql immutable parallel safe as $$
  select array[
    'owned_field_differs', 'human_edit_overwritten', 'human_edit_kept', 'serial_not_linked',
    'other_server_differs', 'identity_contradicted', 'likely_duplicate', 'link_lost',
    'linked_again', 'ambiguous_match', 'serial_changed', 'hardware_replaced', 'id_reused',
    'serial_taken', 'hostname_taken', 'twin_record', 'shared_serial', 'serial_in_both_inventories',
    'mac_elsewhere', 'group_grants_rights', 'reverted'
  ]::text[]
$$;

create or replace function jamf_sync.device_custom_fields() returns text[]
language sql immutable parallel safe as $$
  select array[
    'model_identifier', 'processor_type', 'os_build', 'form_factor', 'barcode_1', 'barcode_2',
    'imei', 'phone_number', 'jamf_enrollment_status'
  ]::text[]
$$;

create or replace function jamf_sync.conflict_resolutions() returns text[]
language sql immutable parallel safe as $$
  select array[
    'keep_moss', 'take_jamf', 'pin'
  ]::text[]
$$;

create or replace function jamf_sync.plan_actions() returns text[]
language sql immutable parallel safe as $$
  select array[
    'create', 'link', 'move', 'update', 'unenroll', 'return', 'delete_internal', 'add', 'remove',
    'agree', 'unlink', 'relink', 'delete'
  ]::text[]
$$;

create or replace function jamf_sync.plan_outcomes() returns text[]
language sql immutable parallel safe as $$
  select array[
    'applied', 'refused', 'failed', 'held', 'locked'
  ]::text[]
$$;

create or replace function jamf_sync.location_match_outcomes() returns text[]
language sql immutable parallel safe as $$
  select array[
    'mapped', 'moved', 'matched', 'shared', 'create', 'ambiguous', 'missing', 'deleted_internal'
  ]::text[]
$$;

create or replace function jamf_sync.room_match_outcomes() returns text[]
language sql immutable parallel safe as $$
  select array[
    'matched', 'create', 'ambiguous', 'missing'
  ]::text[]
$$;

create or replace function jamf_sync.person_match_outcomes() returns text[]
language sql immutable parallel safe as $$
  select array[
    'mapped', 'moved', 'matched', 'create', 'twin', 'contradicted', 'ambiguous', 'deleted_internal'
  ]::text[]
$$;

create or replace function jamf_sync.device_match_outcomes() returns text[]
language sql immutable parallel safe as $$
  select array[
    'mapped', 'moved', 'matched', 'held', 'declined', 'create', 'twin', 'shared_serial',
    'other_inventory', 'ambiguous', 'deleted_internal'
  ]::text[]
$$;

create or replace function jamf_sync.group_match_outcomes() returns text[]
language sql immutable parallel safe as $$
  select array[
    'mapped', 'moved', 'matched', 'create', 'ambiguous', 'deleted_internal'
  ]::text[]
$$;

create or replace function jamf_sync.evidence_sentence(evidence jsonb) returns text
language sql immutable parallel safe as $$
  with pieces (place, piece, words) as (values
    (0, 'serial_number', 'serial number'),
    (1, 'udid', 'UDID'),
    (2, 'management_id', 'management id'),
    (3, 'model', 'model'),
    (4, 'username', 'user name'),
    (5, 'email', 'e-mail address'),
    (6, 'full_name', 'full name'),
    (7, 'name', 'name'),
    (8, 'kind', 'kind')
  ),
  agreed as (
    select array_agg(words order by place) as words, count(*)::integer as pieces
    from pieces where evidence -> 'agreed' ? piece
  ),
  contradicted as (
    select string_agg(
      format('the %s was %s and is now %s', words, said.value ->> 0, said.value ->> 1), '; ' order by place) as words
    from pieces join jsonb_each(evidence -> 'contradicted') as said on said.key = pieces.piece
  )
  select coalesce(nullif(concat_ws('; ',
    case when agreed.pieces = 1 then agreed.words[1] || ' agrees'
         when agreed.pieces > 1 then array_to_string(agreed.words[:agreed.pieces - 1], ', ')
           || ' and ' || agreed.words[agreed.pieces] || ' agree' end,
    contradicted.words), ''), 'nothing is known that would agree or contradict')
  from agreed, contradicted
$$;

create or replace function jamf_sync.vocabularies_version() returns text
language sql immutable parallel safe as $$ select '905e07e28fb73a0e' $$;
