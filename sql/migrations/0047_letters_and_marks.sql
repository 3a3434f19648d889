-- A letter and its mark are one letter, however they were typed: JAMF's text is composed when it is staged, and M.O.S.S. stores
-- what people type and import, which macOS writes as two signs. Keys are worked out where they are compared; nothing stored
-- changes.

alter function jamf_sync.folded(text) rename to folded_composed;
comment on function jamf_sync.folded_composed is
  'A text of composed letters in small letters, by the same rules in every database.';

create function jamf_sync.folded(plain text) returns text
language sql immutable parallel safe as $$
  -- Most names are ASCII, and then as long in bytes as in letters.
  select case when octet_length(plain) = length(plain) then lower(plain collate "C")
    else jamf_sync.folded_composed(normalize(plain, nfc)) end
$$;
comment on function jamf_sync.folded is 'A text in small letters, by the same rules in every database.';
