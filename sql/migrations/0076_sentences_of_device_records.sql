-- A sentence that begins with what a function calls a record begins with a capital.
create function jamf_sync.capitalised(words text) returns text
language sql immutable parallel safe as $$
  select upper(left(words, 1)) || substr(words, 2)
$$;
