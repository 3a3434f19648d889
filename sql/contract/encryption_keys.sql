-- Access to M.O.S.S.'s own key store: the one active row of public.encryption_keys. The same for every dialect.
-- The table came with M.O.S.S.'s migration 030 and may be absent, so each call looks for it; plpgsql plans a statement when
-- it first runs it. The functions run with their owner's rights: whoever plans needs none on the table.

create function moss_contract.active_encryption_key() returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('public.encryption_keys') is null then
    return null;
  end if;
  return (select encryption_key from public.encryption_keys where is_active);
end
$$;

-- Keeps a key only where there is no active one, and yields the one that is active then: of two writers at once the second
-- waits for the first at the partial unique index, inserts nothing, and reads the first one's key. Volatile, so that the
-- last statement sees what another transaction has committed meanwhile.
create function moss_contract.keep_encryption_key(new_key text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('public.encryption_keys') is null then
    return null;
  end if;
  insert into public.encryption_keys (encryption_key, description, is_active)
  select new_key, 'Made by moss-jamf credentials set', true
  where not exists (select from public.encryption_keys where is_active)
  on conflict do nothing;
  return (select encryption_key from public.encryption_keys where is_active);
end
$$;

revoke execute on function moss_contract.active_encryption_key() from public;
revoke execute on function moss_contract.keep_encryption_key(text) from public;
