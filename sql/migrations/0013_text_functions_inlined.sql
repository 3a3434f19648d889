-- The text functions of 0001 again, so that PostgreSQL writes them into the statements that use them. It never does so with a
-- STRICT function whose body has a CASE or a NULLIF, nor with one that has a subquery, and then a call costs twenty times
-- its work. Same results: NULL still gives NULL. Each first asks cheaply whether there is anything to do: there mostly is not.

create or replace function jamf_sync.unescaped(stored text) returns text
language sql immutable parallel safe as $$
  -- The M.O.S.S. web application stores text HTML-escaped, its importers do not, so both forms coexist.
  -- Exactly its six entities; &amp; last, so that an escaped ampersand does not start another entity.
  select case when stored like '%&%' then
    replace(replace(replace(replace(replace(replace(stored,
      '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#x27;', ''''), '&#x2F;', '/'), '&amp;', '&')
  else stored end
$$;

create or replace function jamf_sync.match_key(stored text) returns text
language sql immutable parallel safe as $$
  select case when stored ~ '[&[:space:]]'
    then nullif(lower(btrim(regexp_replace(jamf_sync.unescaped(stored), '\s+', ' ', 'g'))), '')
    else nullif(lower(stored), '') end
$$;

create or replace function jamf_sync.serial_key(stored text) returns text
language sql immutable parallel safe as $$
  select case when stored ~ '\s' then nullif(upper(regexp_replace(stored, '\s', '', 'g')), '')
    else nullif(upper(stored), '') end
$$;

create or replace function jamf_sync.mac_key(stored text) returns text
language sql immutable parallel safe as $$
  -- Twelve hexadecimal digits, whatever separators and case a person typed; anything else is no MAC address.
  select case
    when stored ~ '^[0-9A-F:]*$' then case when length(replace(stored, ':', '')) = 12 then replace(stored, ':', '') end
    when length(regexp_replace(stored, '[^0-9A-Fa-f]', '', 'g')) = 12
      then upper(regexp_replace(stored, '[^0-9A-Fa-f]', '', 'g')) end
$$;

create function jamf_sync.cleared(jamf jsonb, clearable text[]) returns jsonb
language sql immutable parallel safe as $$
  select coalesce(jsonb_object_agg(field.key, field.value), '{}')
  from jsonb_each(jamf) as field where field.value = 'null' and field.key = any (clearable)
$$;

create or replace function jamf_sync.overlaid(moss jsonb, jamf jsonb, clearable text[]) returns jsonb
language sql immutable parallel safe as $$
  -- What a record should hold: M.O.S.S.'s values under JAMF's. A JAMF null says nothing and keeps what is there,
  -- except in the fields named clearable, where it means "nobody" and "nothing".
  select case when cardinality(clearable) = 0 then coalesce(moss, '{}') || jsonb_strip_nulls(jamf)
    else coalesce(moss, '{}') || jsonb_strip_nulls(jamf) || jamf_sync.cleared(jamf, clearable) end
$$;

create or replace function jamf_sync.storable(plain text) returns text
language sql immutable parallel safe as $$
  -- Plain text is written as it is; a text that would itself be read as escaped is escaped once, so that it reads back the same.
  select case when plain like '%&%' and jamf_sync.unescaped(plain) <> plain then replace(plain, '&', '&amp;') else plain end
$$;
