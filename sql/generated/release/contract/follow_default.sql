-- The one way to change the kind of a device, which M.O.S.S. owns: only while it still is the default
-- that the sync wrote (the ledger has it: created_objects, owned_writes), and only to another default
-- (docs/who-wins.md, "Who wins a field"). Runs with its owner's rights, because the writing role has
-- none to update the column. What it writes it enters into the ledger.

-- Follows what the waiting rows of a range ask for. Yields those that it does not follow.
create function moss_contract.follow_default(plan bigint, first_row bigint, last_row bigint)
returns table (left_out_row bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  devices uuid[];
  kinds text[];
  left_out bigint[];
  written bigint;
begin
  with asked as materialized (
    select planned.row_id, planned.object_id, planned.after ->> 'device_type' as kind
    from jamf_sync.change_plan as planned
    where planned.plan_id = plan and planned.object_type = 'device' and planned.action <> 'create'
      and planned.reason not in ('reverted', 'link_declined') and planned.outcome is null
      and planned.row_id between first_row and last_row and planned.after ? 'device_type'
  ),
  following as materialized (
    select stored.id, stored.device_type::text as replaced, asked.kind, asked.row_id
    from asked
    join public.devices as stored on stored.id = asked.object_id
    where asked.kind in (
        select word.accepted from moss_contract.vocabulary as word where word.domain = 'device_type')
      and stored.device_type
        = moss_contract.last_written('device', asked.object_id, 'device_type')
    for no key update of stored
  ),
  noted as (
    insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
    select 'device', following.id, 'device_type', following.replaced, following.kind from following
  )
  select array_agg(following.id) filter (where following.id is not null),
         array_agg(following.kind) filter (where following.id is not null),
         array_agg(asked.row_id) filter (where following.id is null)
  into devices, kinds, left_out
  from asked left join following using (row_id);
  if devices is not null then
    perform moss_contract.open_public();
    update public.devices as stored
    set device_type = followed.kind
    from rows from (pg_catalog.unnest(devices), pg_catalog.unnest(kinds)) as followed (id, kind)
    where stored.id operator(pg_catalog.=) followed.id;
    get diagnostics written = row_count;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    perform moss_contract.require_written('public.devices', cardinality(devices) - written);
  end if;
  return query select unnest(left_out);
end $$;

revoke all on function moss_contract.follow_default from public;
