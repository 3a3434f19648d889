-- The one way to change the kind of a device, which M.O.S.S. owns: only while it still is the default
-- that the sync wrote (jamf_sync.applied_values has it), and only to another default
-- (docs/how-it-works.md, "Who wins a field"). Runs with its owner's rights, because the writing role has
-- none to update the column.

create function moss_contract.follow_default(object_id uuid, fields jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  update public.devices as stored
  set device_type = fields ->> 'device_type'
  where stored.id = follow_default.object_id
    and fields ->> 'device_type' in (
      select word.accepted from moss_contract.vocabulary as word where word.domain = 'device_type')
    and stored.device_type in (
      select written.values ->> 'device_type' from jamf_sync.applied_values as written
      where written.object_type = 'device' and written.object_id = follow_default.object_id);
end $$;

revoke all on function moss_contract.follow_default from public;
