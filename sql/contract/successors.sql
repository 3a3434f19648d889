-- What an integration knew, taken over by the one that is made in its place. The same for every dialect.
-- The functions run with their owner's rights: decisions of people are no role's to change, and who was there is nobody's to claim.

-- The integration whose place one that was noted takes, if it takes one: its row is gone from M.O.S.S., nobody took its place yet, and it
-- had the same name or the same server. Another server under the same name is another integration: it takes nothing. One that has
-- links in M.O.S.S. or members in the ledger has written already and is nobody's successor; that a plan says so is enough, too.
create function moss_contract.former_integration(noted uuid) returns uuid
language sql stable as $$
  select former.integration_id
  from jamf_sync.known_integrations as present
  join jamf_sync.known_integrations as former
    on former.succeeded_by is null and former.integration_id <> present.integration_id
   and (former.server = present.server
     or former.name = present.name and (former.server is null or present.server is null))
  where present.integration_id = noted
    and exists (select from moss_contract.integration_configs() as own where own.id = noted)
    and not exists (
      select from moss_contract.integration_configs() as own where own.id = former.integration_id)
    and not exists (
      select from jamf_sync.plans as plan
      where plan.integration_id = noted and plan.status in ('applying', 'applied'))
    and not exists (
      select from moss_contract.integration_object_mappings() as mapping
      where mapping.integration_config_id = noted)
    and not exists (
      select from jamf_sync.group_member_additions as addition where addition.integration_id = noted)
  order by former.server is not distinct from present.server desc,
           former.name is not distinct from present.name desc, former.seen_at desc
  limit 1
$$;

-- Notes that an integration is there, under which name and with which server (the one given; else that of its row).
-- Yields the integration whose place it takes, if it takes one: a dry run may have noted it while the other was there.
create function moss_contract.note_integration(noted uuid, given_server text) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  present record;
  is_known boolean;
begin
  select jamf_sync.unescaped(own.name) as name,
         coalesce(jamf_sync.server_key(given_server),
                  jamf_sync.server_key(jamf_sync.unescaped(own.config ->> 'base_url'))) as server
  into present
  from moss_contract.integration_configs() as own
  where own.id = noted and own.integration_type = 'jamf';
  if not found then
    return null;
  end if;
  select true into is_known from jamf_sync.known_integrations as known
  where known.integration_id = noted and known.name = present.name
    and known.server is not distinct from coalesce(present.server, known.server);
  if is_known is not true then
    insert into jamf_sync.known_integrations as known (integration_id, name, server)
    values (noted, present.name, present.server)
    on conflict (integration_id) do update
    set name = excluded.name, server = coalesce(excluded.server, known.server), seen_at = now();
  end if;
  return moss_contract.former_integration(noted);
end
$$;

-- Gives an integration what a former one knew: captures, matches, bases, plans, conflicts with their decisions, leads, members.
-- What it has of its own by then is of dry runs and gives way, but for decisions of people. Yields the name of the former
-- one; null: this one does not take its place, and nothing was done.
create function moss_contract.succeed_integration(former uuid, successor uuid) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  former_name text;
  moved text;
begin
  update jamf_sync.known_integrations as known
  set succeeded_by = successor, succeeded_at = now()
  where known.integration_id = former and known.succeeded_by is null
    and moss_contract.former_integration(successor) = former
  returning coalesce(known.name, known.server, 'unknown') into former_name;
  if not found then
    return null;
  end if;
  foreach moved in array array['computers', 'mobile_devices', 'users', 'groups', 'buildings', 'departments'] loop
    execute format('delete from jamf_sync.%I as staged using jamf_sync.raw_jamf as raw'
      ' where raw.integration_id = $1 and raw.collection = $2 and raw.version_id = staged.version_id',
      'jamf_' || case moved when 'mobile_devices' then 'computers' else moved end || '_snapshot')
      using successor, moved;
  end loop;
  foreach moved in array array['slot_captures', 'captures', 'raw_jamf', 'jamf_computer_contacts', 'quarantine',
    'location_matches', 'room_matches', 'person_matches', 'device_matches', 'group_matches', 'field_ownership',
    'applied_values', 'plans'] loop
    execute format('delete from jamf_sync.%I where integration_id = $1', moved) using successor;
    execute format('update jamf_sync.%I set integration_id = $1 where integration_id = $2', moved)
      using successor, former;
  end loop;
  -- The successor has added nobody yet (former_integration).
  update jamf_sync.group_member_additions set integration_id = successor where integration_id = former;
  delete from jamf_sync.conflicts where integration_id = successor and status <> 'resolved';
  update jamf_sync.conflicts set integration_id = successor where integration_id = former;
  update jamf_sync.sync_runs set integration_id = successor where integration_id = former;
  update jamf_sync.object_leads set integration_id = successor where integration_id = former;
  update jamf_sync.object_leads set previous_integration_id = successor where previous_integration_id = former;
  return former_name;
end
$$;

-- The links of an integration that took the place of another, which M.O.S.S. deleted with that one's row. Of what is the successor's
-- by then: matches, applied plans, bases, documents. Which object a record was is what the last matching found; of records or
-- objects that were gone by then, what the change log says of them last. A link whose object is gone says so, and keeps it
-- from being created again; one whose record is gone says so if that was written. What each last saw is the last document of its record that agrees with what was written last: by then
-- the record may be another machine's or person's, and what that one says is no evidence of this link. Where no document
-- agrees, it is the last one if the record was found to be the object, else what was written. An object that a revert deleted or
-- unlinked has no link.
create function moss_contract.links_of_successor(successor uuid) returns table (
  id uuid, external_type text, external_id text, internal_type text, internal_id uuid, sync_status text,
  external_data jsonb
)
language sql stable as $$
  with matched as (
    select jamf_sync.device_record_type(jamf_id) as external_type, jamf_id as external_id, 'device' as internal_type,
           case outcome when 'mapped' then device_id else coalesce(left_device_id, lost_id) end
             as internal_id,
           outcome = 'mapped' or left_device_id is null as is_of_record
    from jamf_sync.device_matches
    where integration_id = successor
      and (outcome = 'mapped' or left_device_id is not null or lost_id is not null)
    union all
    select external_type, external_id, 'person', case outcome
             when 'mapped' then person_id
             else coalesce((evidence ->> 'lost')::uuid, (evidence ->> 'reused')::uuid) end,
           outcome = 'mapped' or evidence ? 'lost'
    from jamf_sync.person_matches
    where integration_id = successor
      and (outcome = 'mapped' or evidence ?| array['lost', 'reused'])
    union all
    select 'computer_group', jamf_id, 'group', case outcome when 'mapped' then group_id else lost_id end, true
    from jamf_sync.group_matches
    where integration_id = successor and (outcome = 'mapped' or lost_id is not null)
    union all
    select 'building', jamf_id, 'location', case outcome when 'mapped' then location_id else lost_id end, true
    from jamf_sync.location_matches
    where integration_id = successor and (outcome = 'mapped' or lost_id is not null)
  ),
  last as materialized (
    -- What was written last of each object's link.
    select distinct on (linked.object_type, change.object_id)
           change.external_type, change.external_id, linked.object_type, change.object_id,
           change.row_id, change.action in ('delete', 'unlink') as is_undone
    from jamf_sync.change_plan as change
    join jamf_sync.plans as plan
      on plan.plan_id = change.plan_id and plan.integration_id = successor
    cross join lateral (
      select case change.object_type when 'mapping' then change.label else change.object_type end
               as object_type
    ) as linked
    where linked.object_type in ('device', 'person', 'group', 'location')
      and change.outcome = 'applied' and change.external_id is not null
      and (change.object_type <> 'mapping'
             and change.action in ('create', 'link', 'move', 'return', 'delete')
        or change.object_type = 'mapping' and change.action = 'unlink')
    order by linked.object_type, change.object_id, change.row_id desc
  ),
  logged as (
    select external_type, external_id, object_type, object_id, row_id from last where not is_undone
  ),
  known as (
    select external_type, external_id, internal_type, internal_id, is_of_record, 1 as place,
           0 as row_id
    from matched
    where internal_id is not null and not exists (
      select from last
      where last.is_undone and last.object_type = matched.internal_type
        and last.object_id = matched.internal_id)
    union all
    select external_type, external_id, object_type, object_id, false, 2, row_id from logged
  ),
  by_record as (
    select distinct on (external_type, external_id) * from known
    order by external_type, external_id, place, row_id desc
  ),
  current as (
    select distinct on (internal_type, internal_id) external_type, external_id, external_id as known_as,
           internal_type, internal_id, is_of_record
    from by_record
    order by internal_type, internal_id, place, external_type, external_id
  ),
  links as materialized (
    select link.*, chosen.id
    from (
      select * from current
      union all
      -- Whose record went to another, which has no link any more.
      select external_type, external_id, null, object_type, object_id, false
      from logged
      where not exists (
        select from current
        where current.internal_type = logged.object_type and current.internal_id = logged.object_id)
    ) as link
    cross join lateral (
      -- A plan that was made while a link was presumed is applied once it is made: its id is the same.
      select md5(successor || link.internal_type || link.internal_id)::uuid as id
    ) as chosen
  ),
  told_gone as (
    select change.label as object_type, change.object_id, max(change.row_id) as row_id
    from jamf_sync.change_plan as change
    join jamf_sync.plans as plan
      on plan.plan_id = change.plan_id and plan.integration_id = successor
    where change.object_type = 'mapping' and change.action = 'unenroll' and change.outcome = 'applied'
    group by change.label, change.object_id
  ),
  objects as (
    select 'device' as internal_type, id as internal_id from moss_contract.devices()
    union all select 'person', id from moss_contract.people()
    union all select 'group', id from moss_contract.groups()
    union all select 'location', id from moss_contract.locations()
  ),
  documents as (
    select distinct on (link.internal_type, link.internal_id) link.internal_type, link.internal_id,
           raw.document, compared.agrees
    from links as link
    join jamf_sync.raw_jamf as raw
      on raw.integration_id = successor and raw.jamf_id = link.external_id
     and raw.collection = case link.external_type when 'computer' then 'computers' when 'mobile_device' then 'mobile_devices'
           when 'user' then 'users' when 'computer_group' then 'groups'
           when 'building' then 'buildings' end
    left join jamf_sync.applied_values as base
      on base.integration_id = successor and base.object_type = link.internal_type
     and base.object_id = link.internal_id
    cross join lateral (
      select case
        when link.external_type in ('computer', 'mobile_device') then
          jamf_sync.serial_as_given(raw.document -> 'hardware' ->> 'serialNumber')
            = base.values ->> 'serial_number'
        when link.external_type = 'user' then
          jamf_sync.match_key(raw.document ->> 'username') = jamf_sync.match_key(base.values ->> 'username')
          or jamf_sync.match_key(raw.document ->> 'email')
             = jamf_sync.match_key(base.values ->> 'email_address')
        when link.external_type = 'computer_group' then
          jamf_sync.match_key(jamf_sync.group_name(raw.document ->> 'name'))
            = jamf_sync.match_key(base.values ->> 'name')
        else true end is true as agrees
    ) as compared
    order by link.internal_type, link.internal_id, compared.agrees desc, raw.version_id desc
  )
  select link.id, link.external_type,
    -- An id that JAMF never gives (apply/repoint_mappings).
    coalesce(link.known_as, left(link.external_id, 200) || ' (former link ' || link.id || ')'),
    link.internal_type, link.internal_id,
    case when object.internal_id is null then 'deleted_internal'
         when told_gone.row_id > coalesce(last.row_id, 0) then 'deleted_external'
         else 'synced' end,
    case when document.agrees or link.is_of_record and document.document is not null
           then document.document
         when link.external_type in ('computer', 'mobile_device')
           then jsonb_build_object('hardware',
             jsonb_build_object('serialNumber', base.values ->> 'serial_number'))
         when link.external_type = 'user'
           then jsonb_build_object('username', base.values ->> 'username',
             'email', base.values ->> 'email_address', 'realname', base.values ->> 'full_name')
         else coalesce(base.values, '{}') end
  from links as link
  left join objects as object
    on object.internal_type = link.internal_type and object.internal_id = link.internal_id
  left join told_gone
    on told_gone.object_type = link.internal_type and told_gone.object_id = link.internal_id
  left join last
    on last.object_type = link.internal_type and last.object_id = link.internal_id
  left join documents as document
    on document.internal_type = link.internal_type and document.internal_id = link.internal_id
  left join jamf_sync.applied_values as base
    on base.integration_id = successor and base.object_type = link.internal_type
   and base.object_id = link.internal_id
$$;

-- Notes that the links of a successor are in M.O.S.S. again: they are presumed no more.
create function moss_contract.note_links_made(successor uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update jamf_sync.known_integrations as former set links_made_at = now()
  where former.succeeded_by = successor and former.links_made_at is null
$$;

revoke all on function moss_contract.note_links_made from public;
revoke all on function moss_contract.note_integration from public;
revoke all on function moss_contract.succeed_integration from public;
