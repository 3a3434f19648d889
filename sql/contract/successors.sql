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
-- Yields the integration whose place it takes, if it takes one and was not noted so before.
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
  if is_known then
    return null;
  end if;
  insert into jamf_sync.known_integrations as known (integration_id, name, server)
  values (noted, present.name, present.server)
  on conflict (integration_id) do update
  set name = excluded.name, server = coalesce(excluded.server, known.server), seen_at = now();
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
  foreach moved in array array['computers', 'users', 'groups', 'buildings', 'departments'] loop
    execute format('delete from jamf_sync.%I as staged using jamf_sync.raw_jamf as raw'
      ' where raw.integration_id = $1 and raw.collection = $2 and raw.version_id = staged.version_id',
      'jamf_' || moved || '_snapshot') using successor, moved;
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

revoke all on function moss_contract.note_integration from public;
revoke all on function moss_contract.succeed_integration from public;
