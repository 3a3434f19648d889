-- How text is compared: every match key goes through these functions, on both sides.
-- Immutable and strict, so an index may be built on them and NULL stays NULL.

create function jamf_sync.unescaped(stored text) returns text
language sql immutable strict parallel safe as $$
  -- The M.O.S.S. web application stores text HTML-escaped, its importers do not, so both forms coexist.
  -- Exactly its six entities; &amp; last, so that an escaped ampersand does not start another entity.
  select case when position('&' in stored) = 0 then stored else
    replace(replace(replace(replace(replace(replace(stored,
      '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#x27;', ''''), '&#x2F;', '/'), '&amp;', '&')
  end
$$;

create function jamf_sync.match_key(stored text) returns text
language sql immutable strict parallel safe as $$
  select nullif(lower(btrim(regexp_replace(jamf_sync.unescaped(stored), '\s+', ' ', 'g'))), '')
$$;

create function jamf_sync.serial_key(stored text) returns text
language sql immutable strict parallel safe as $$
  select nullif(upper(regexp_replace(stored, '\s', '', 'g')), '')
$$;

create function jamf_sync.mac_key(stored text) returns text
language sql immutable strict parallel safe as $$
  -- Twelve hexadecimal digits, whatever separators and case a person typed; anything else is no MAC address.
  select case when length(digits) = 12 then digits end
  from (select upper(regexp_replace(stored, '[^0-9A-Fa-f]', '', 'g')) as digits) as cleaned
$$;

create function jamf_sync.jamf_id_order(jamf_id text) returns numeric
language sql immutable parallel safe as $$
  -- JAMF's ids are strings of digits; the higher the later. Anything else sorts first.
  select case when jamf_id ~ '^\d{1,30}$' then jamf_id::numeric else -1 end
$$;

create function jamf_sync.overlaid(moss jsonb, jamf jsonb, clearable text[]) returns jsonb
language sql immutable parallel safe as $$
  -- What a record should hold: M.O.S.S.'s values under JAMF's. A JAMF null says nothing and keeps what is there,
  -- except in the fields named clearable, where it means "nobody" and "nothing".
  select coalesce(moss, '{}') || jsonb_strip_nulls(jamf) || case when cardinality(clearable) = 0 then '{}' else (
    select coalesce(jsonb_object_agg(field.key, field.value), '{}')
    from jsonb_each(jamf) as field where field.value = 'null' and field.key = any (clearable)
  ) end
$$;
