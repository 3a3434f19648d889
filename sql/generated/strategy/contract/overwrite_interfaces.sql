-- The one way to change an interface: only one that the sync created (the ledger has it: created_objects). Any other is M.O.S.S.'s own.
-- Runs with its owner's rights, because the writing role has none to update the table; it could not tell the two apart.

-- Writes what the waiting rows of a range ask for; fields without a change keep their value. Yields the rows of other interfaces.
create function moss_contract.overwrite_interfaces(plan bigint, first_row bigint, last_row bigint)
returns table (refused_row bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  refused bigint[];
  unwritten bigint;
begin
  with asked as materialized (
    select planned.row_id, planned.object_id, planned.after,
           created.object_id is not null as is_created
    from jamf_sync.change_plan as planned
    left join jamf_sync.created_objects as created
      on created.object_id = planned.object_id and created.object_type = 'io'
    where planned.plan_id = plan and planned.object_type = 'io' and planned.action = 'update'
      and planned.outcome is null and planned.row_id between first_row and last_row
      and planned.after ?| array[
        'interface_name', 'interface_type'
      ]
  ),
  written as (
    update public.ios as stored
    set interface_name = case when planned.after ? 'interface_name'
          then jamf_sync.storable(planned.after ->> 'interface_name') else stored.interface_name end,
        interface_type = case when planned.after ? 'interface_type'
          then jamf_sync.storable(planned.after ->> 'interface_type') else stored.interface_type end
    from asked as planned
    where (select moss_contract.open_public())
      and planned.is_created and stored.id = planned.object_id
    returning stored.id
  )
  select array_agg(asked.row_id) filter (where not asked.is_created),
         count(*) filter (where asked.is_created) - (select count(*) from written)
  into refused, unwritten
  from asked;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform moss_contract.require_written('public.ios', unwritten);
  return query select unnest(refused);
end $$;

-- Locks interfaces that nobody else holds locked, in id order, and yields them.
create function moss_contract.lock_interfaces(interfaces uuid[]) returns setof uuid
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select io.id from public.ios as io
  where io.id = any (interfaces)
  order by io.id
  for no key update skip locked
$$;

revoke all on function moss_contract.overwrite_interfaces from public;
revoke all on function moss_contract.lock_interfaces from public;
