-- The ledger of what the sync creates and changes (docs/security.md), and what the functions that write M.O.S.S. with their owner's
-- rights have in common. A plan's rows only ask; what goes into the ledger is what these functions see in M.O.S.S. themselves.

-- The table that holds the objects of a type.
create function moss_contract.table_of(of_type text) returns regclass
language sql stable as $$
  select case of_type
    when 'location' then 'public.locations' when 'room' then 'public.rooms'
    when 'person' then 'public.people' when 'device' then 'public.devices'
    when 'io' then 'public.ios' when 'group' then 'public.groups' end::regclass
$$;

-- A time as M.O.S.S. holds it, whatever the type of its column and the session's zone: text of JSON.
create function moss_contract.moment(stamp text) returns timestamp
language sql stable as $$
  select case when stamp like '%+__:__' or stamp like '%-__:__'
    then stamp::timestamptz at time zone 'UTC' else stamp::timestamp end
$$;

-- What M.O.S.S.'s triggers make of such a time in this transaction.
create function moss_contract.moment_of_this_transaction(stamp text) returns timestamp
language sql stable as $$
  select case when stamp like '%+__:__' or stamp like '%-__:__'
    then now() at time zone 'UTC' else localtimestamp end
$$;

-- Whether M.O.S.S. is entrusted to a role anyway: its tables, the schema public or the contract are its own, or belong to a role whose
-- rights it has.
create function moss_contract.is_trusted(role_id oid) returns boolean
language sql stable as $$
  select exists (
    select from (
      select nspowner as owner from pg_catalog.pg_namespace where nspname in ('public', 'moss_contract')
      union
      select relowner from pg_catalog.pg_class where oid = 'public.devices'::regclass
    ) as trusted
    where pg_has_role(role_id, trusted.owner, 'USAGE'))
$$;

-- Functions and operators of the schema public that belong to somebody who may take on a role of the pipeline and to whom M.O.S.S. is not
-- entrusted anyway: neither its tables, nor the schema, nor the contract are his. M.O.S.S.'s triggers might call them for their own.
create function moss_contract.strangers_in_public() returns table (owner name, what text)
language sql stable as $$
  with placed as materialized (
    select routine.proowner as owner, 'function ' || routine.oid::regprocedure as what
    from pg_catalog.pg_depend as held
    join pg_catalog.pg_proc as routine on routine.oid = held.objid
    where held.refclassid = 'pg_catalog.pg_namespace'::regclass
      and held.refobjid = 'public'::regnamespace and held.classid = 'pg_catalog.pg_proc'::regclass
    union all
    select operator_of.oprowner, 'operator ' || operator_of.oid::regoperator
    from pg_catalog.pg_depend as held
    join pg_catalog.pg_operator as operator_of on operator_of.oid = held.objid
    where held.refclassid = 'pg_catalog.pg_namespace'::regclass
      and held.refobjid = 'public'::regnamespace
      and held.classid = 'pg_catalog.pg_operator'::regclass
  ),
  strangers as (
    select distinct placed.owner
    from placed
    cross join moss_contract.installation as installed
    join pg_catalog.pg_roles as role on role.rolname in (installed.reader, installed.writer)
    where pg_has_role(placed.owner, role.oid, 'MEMBER')
      and not moss_contract.is_trusted(placed.owner)
  )
  select pg_get_userbyid(placed.owner), placed.what from placed join strangers using (owner)
$$;

-- Ends what would write M.O.S.S. while there are strangers.
create function moss_contract.refuse_strangers() returns void
language plpgsql as $$
declare
  stranger record;
begin
  select found.owner, found.what into stranger
  from moss_contract.strangers_in_public() as found limit 1;
  if stranger.what is not null then
    raise insufficient_privilege using message = pg_catalog.format(
      '%s, who may take on the roles of the sync, has the %s in the schema public, where M.O.S.S.''s triggers might call it',
      stranger.owner::pg_catalog.text, stranger.what);
  end if;
end $$;

-- Lets M.O.S.S.'s own triggers, which name their tables without a schema, find them, up to the end of the function that calls this, or
-- until somebody sets the search_path back. Yields true. A statement that is planned while it is open names everything with its
-- schema, operators too. One that is planned before, and opens it as a condition (`where (select open_public())`, which is looked at
-- once, before the first row), means what it says, and its triggers find their tables.
create function moss_contract.open_public() returns boolean
language plpgsql as $$
begin
  perform moss_contract.refuse_strangers();
  perform pg_catalog.set_config('search_path', 'pg_catalog, public, pg_temp', true);
  return true;
end $$;

-- What is said of rows that M.O.S.S. did not write although it raised no error.
create function moss_contract.silence_of(relation text) returns text
language sql immutable as $$
  select 'M.O.S.S. did not write it, and raised no error: a trigger or a policy of ' || relation || ' left it out.'
$$;

-- Ends what wrote fewer rows than it was to: a trigger that yields null before a row is written leaves it out without a word, and so
-- does a policy. Yields true. Whoever calls this looks for the row, and lets the others be written.
create function moss_contract.require_written(relation text, unwritten bigint) returns boolean
language plpgsql as $$
begin
  if unwritten operator(pg_catalog.>) 0 then
    raise exception using message = moss_contract.silence_of(relation);
  end if;
  return true;
end $$;

-- Writes values into fields of one object that M.O.S.S. owns; those that the document does not name keep theirs. Acts with the rights of
-- whoever calls it, which is no use to a role: the functions that prove that they may call it have their owner's.
create function moss_contract.put_owned(of_type text, of_object uuid, owned jsonb) returns void
language plpgsql as $$
#variable_conflict use_variable
declare
  is_device boolean := of_type = 'device';
  wanted record;
  is_written boolean;
begin
  if is_device then
    select case when owned ? 'asset_tag'
             then jamf_sync.storable(owned ->> 'asset_tag') else stored.asset_tag end as asset_tag,
           case when owned ? 'location_id'
             then (owned ->> 'location_id')::uuid else stored.location_id end as location_id,
           case when owned ? 'room_id'
             then (owned ->> 'room_id')::uuid else stored.room_id end as room_id,
           case when owned ? 'device_type'
             then jamf_sync.storable(owned ->> 'device_type') else stored.device_type end as device_type
    into wanted
    from public.devices as stored where stored.id = of_object;
  else
    select case when owned ? 'username'
             then jamf_sync.storable(owned ->> 'username') else stored.username end as username,
           case when owned ? 'full_name'
             then jamf_sync.storable(owned ->> 'full_name') else stored.full_name end as full_name,
           case when owned ? 'department'
             then jamf_sync.storable(owned ->> 'department') else stored.department end as department
    into wanted
    from public.people as stored where stored.id = of_object;
  end if;
  perform moss_contract.open_public();
  if is_device then
    update public.devices as stored
    set asset_tag = wanted.asset_tag,
        location_id = wanted.location_id,
        room_id = wanted.room_id,
        device_type = wanted.device_type
    where stored.id operator(pg_catalog.=) of_object;
  else
    update public.people as stored
    set username = wanted.username,
        full_name = wanted.full_name,
        department = wanted.department
    where stored.id operator(pg_catalog.=) of_object;
  end if;
  is_written := found;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform moss_contract.require_written(moss_contract.table_of(of_type)::text, (not is_written)::integer);
end $$;

-- Notes which objects of a range are not there yet, before the sync creates them.
create function moss_contract.announce_creations(
  of_type text, plan bigint, first_row bigint, last_row bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  absent uuid[];
begin
  delete from jamf_sync.creations_under_way as left_over
  where left_over.transaction_id <> pg_current_xact_id();
  execute format(
    'select array_agg(planned.object_id)
     from jamf_sync.change_plan as planned
     left join %s as object on object.id = planned.object_id
     where planned.plan_id = $2 and planned.object_type = $1 and planned.action = ''create''
       and planned.outcome is null and planned.row_id between $3 and $4 and object.id is null',
    moss_contract.table_of(of_type))
  into absent using of_type, plan, first_row, last_row;
  if absent is not null then
    insert into jamf_sync.creations_under_way (transaction_id, object_type, object_ids, plan_id)
    values (pg_current_xact_id(), of_type, absent, plan);
  end if;
end $$;

-- Enters into the ledger what was announced in this transaction and is there by now, with the defaults that it was given. What is not
-- there although its row still waits was left out by M.O.S.S.
create function moss_contract.note_creations(of_type text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  announced uuid[];
  plans bigint[];
  unwritten bigint;
begin
  with ended as (
    delete from jamf_sync.creations_under_way as under_way
    where under_way.transaction_id = pg_current_xact_id() and under_way.object_type = of_type
    returning under_way.object_ids, under_way.plan_id
  )
  select array_agg(object_id), array_agg(distinct ended.plan_id) into announced, plans
  from ended cross join lateral unnest(ended.object_ids) as object_id;
  if announced is null then
    return;
  end if;
  execute format(
    'insert into jamf_sync.created_objects (object_id, object_type, defaults)
     select object.id, $1, %s
     from unnest($2) as announced (id)
     join %s as object on object.id = announced.id
     on conflict (object_id, object_type) do update
     set defaults = excluded.defaults, seen_at = null, next_at = null',
    case of_type when 'device' then $of_device$jsonb_build_object('device_type', object.device_type)$of_device$ else 'null' end,
    moss_contract.table_of(of_type))
  using of_type, announced;
  get diagnostics unwritten = row_count;
  if unwritten < cardinality(announced) then
    select count(*) into unwritten
    from unnest(announced) as expected (id)
    join jamf_sync.change_plan as planned
      on planned.object_id = expected.id and planned.object_type = of_type
     and planned.plan_id = any (plans) and planned.action = 'create' and planned.outcome is null
    where not exists (
      select from jamf_sync.created_objects as created
      where created.object_id = expected.id and created.object_type = of_type);
    perform moss_contract.require_written(moss_contract.table_of(of_type)::text, unwritten);
  end if;
end $$;

-- Notes of the objects of a range that the sync created, and is about to write, that nobody else has changed them up to now, and keeps
-- them locked. What somebody else holds locked, or has changed, is not noted: it is not the sync's alone any more.
create function moss_contract.note_writing(
  of_type text, plan bigint, first_row bigint, last_row bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  execute format(
    'with own as (
       select created.object_id
       from jamf_sync.change_plan as planned
       join jamf_sync.created_objects as created
         on created.object_id = planned.object_id and created.object_type = planned.object_type
       where planned.plan_id = $2 and planned.object_type = $1 and planned.action <> ''create''
         and planned.outcome is null and planned.row_id between $3 and $4
     ),
     present as materialized (
       select object.id, to_jsonb(object) as content
       from %s as object
       where object.id in (select object_id from own)
       order by object.id
       for no key update of object skip locked
     )
     update jamf_sync.created_objects as created
     set seen_at = moss_contract.moment(present.content ->> ''updated_at''),
         next_at = moss_contract.moment_of_this_transaction(present.content ->> ''updated_at'')
     from present
     where created.object_id = present.id and created.object_type = $1
       and moss_contract.moment(present.content ->> ''updated_at'') in (
         moss_contract.moment(present.content ->> ''created_at''), created.seen_at, created.next_at)',
    moss_contract.table_of(of_type))
  using of_type, plan, first_row, last_row;
exception
  when insufficient_privilege then
    -- An owner that may not lock or read the table whole may not delete from it either.
    return;
end $$;

-- What the sync wrote last into a field that M.O.S.S. owns; null if nothing that still counts.
create function moss_contract.last_written(of_type text, of_object uuid, of_field text) returns text
language sql stable as $$
  select coalesce(
    (select write.written from jamf_sync.owned_writes as write
     where write.object_type = of_type and write.object_id = of_object and write.field = of_field
     order by write.write_id desc limit 1),
    (select created.defaults ->> of_field from jamf_sync.created_objects as created
     where created.object_type = of_type and created.object_id = of_object))
$$;

-- Forgets the entries of objects that M.O.S.S. has no longer and no row of a plan names any more, and of members whose group or who
-- themselves are such. While a plan names an object, a revert may ask for it, and a backup may bring it back under its id: as what
-- it was. After that there is nothing to undo, and whoever enters another object under that id has made it. Yields how many went.
create function moss_contract.forget_ledger() returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with present as materialized (
    select 'location' as object_type, id as object_id from moss_contract.locations()
    union all select 'room', id from moss_contract.rooms()
    union all select 'person', id from moss_contract.people()
    union all select 'device', id from moss_contract.devices()
    union all select 'io', id from moss_contract.ios()
    union all select 'group', id from moss_contract.groups()
  ),
  known as (
    select object_type, object_id from jamf_sync.created_objects
    union
    select object_type, object_id from jamf_sync.owned_writes
    union
    select 'group', group_id from jamf_sync.group_member_additions
    union
    select member_type, member_id from jamf_sync.group_member_additions
  ),
  gone as materialized (
    select known.object_type, known.object_id
    from known
    left join present using (object_type, object_id)
    where present.object_id is null
  ),
  forgotten as materialized (
    select gone.object_type, gone.object_id from gone
    where not exists (
      select from jamf_sync.change_plan as change
      where change.object_type = gone.object_type and change.object_id = gone.object_id)
  ),
  members as materialized (
    select group_id, 'person' as member_type, person_id as member_id
    from moss_contract.group_person_members()
    union all
    select group_id, 'device', device_id from moss_contract.group_device_members()
  ),
  creations as (
    delete from jamf_sync.created_objects as created using forgotten
    where created.object_type = forgotten.object_type and created.object_id = forgotten.object_id
    returning true
  ),
  writes as (
    delete from jamf_sync.owned_writes as write using forgotten
    where write.object_type = forgotten.object_type and write.object_id = forgotten.object_id
    returning true
  ),
  additions as (
    delete from jamf_sync.group_member_additions as addition
    where exists (
        select from forgotten
        where forgotten.object_type = 'group' and forgotten.object_id = addition.group_id)
      -- Our own list of a group's devices has a member until a plan takes it out.
      or exists (
        select from forgotten
        where forgotten.object_type = addition.member_type and forgotten.object_id = addition.member_id)
      and not exists (
        select from members
        where members.group_id = addition.group_id and members.member_type = addition.member_type
          and members.member_id = addition.member_id)
    returning true
  )
  select (select count(*) from creations) + (select count(*) from writes) + (select count(*) from additions)
$$;

revoke all on function moss_contract.forget_ledger from public;
revoke all on function moss_contract.put_owned from public;
revoke all on function moss_contract.announce_creations from public;
revoke all on function moss_contract.note_creations from public;
revoke all on function moss_contract.note_writing from public;
