-- Serial numbers are compared alike in every database, as names are since 0021: upper() and \s follow the locale that a
-- database was made with, and under Turkish rules an i becomes no I. Keys are worked out where they are compared; nothing
-- stored changes.

create or replace function jamf_sync.serial_key(stored text) returns text
language sql immutable parallel safe as $$
  -- Nearly all are ASCII, and then as long in bytes as in letters; of \s the rules of C know the white space of ASCII.
  select case when octet_length(stored) = length(stored) and not stored collate "C" ~ '\s'
    then nullif(upper(stored collate "C"), '')
    else nullif(upper(jamf_sync.folded(regexp_replace(stored collate "C",
      '[ \t\n\v\f\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]', '', 'g')) collate "C"), '') end
$$;
