-- The JAMF servers that M.O.S.S. knows, and what they are linked with. The same for every dialect; reads the contract only.

-- One row per integration of type jamf. priority: sync_settings.priority, the lower leads; 100 where there is none, or none
-- that can be used. The settings of one integration never stop the sync of another, so nothing here raises an error.
create function moss_contract.jamf_servers()
returns table (integration_id uuid, name text, is_enabled boolean, priority numeric)
language sql stable as $$
  select id, jamf_sync.unescaped(name), is_enabled,
    case when sync_settings ->> 'priority' ~ '^[ \t\r\n]*[0-9]{1,9}(\.0+)?[ \t\r\n]*$'
         then (sync_settings ->> 'priority')::numeric else 100 end
  from moss_contract.integration_configs()
  where integration_type = 'jamf'
$$;

-- The links in force: of integrations that are switched on, to records that JAMF has and objects that M.O.S.S. has.
create function moss_contract.links_in_force()
returns table (integration_id uuid, object_type text, object_id uuid)
language sql stable as $$
  -- The id of the server, not the one in the link: who asks for those of others reads no link of its own.
  select server.integration_id, mapping.internal_type, mapping.internal_id
  from moss_contract.integration_object_mappings() as mapping
  join moss_contract.jamf_servers() as server
    on server.integration_id = mapping.integration_config_id and server.is_enabled
  where coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal')
$$;

-- The objects of a type that another JAMF server than the one named leads, as it is now: it is said to, or it links the
-- object while nothing says that the one named leads. None, at no cost, where there is no other.
create function moss_contract.led_by_others(than uuid, of_type text) returns table (object_id uuid)
language sql stable as $$
  select lead.object_id
  from jamf_sync.object_leads as lead
  join moss_contract.jamf_servers() as server
    on server.integration_id = lead.integration_id and server.is_enabled
  where lead.object_type = of_type and lead.integration_id <> than
  union
  select link.object_id
  from moss_contract.links_in_force() as link
  where link.object_type = of_type and link.integration_id <> than
    and not exists (
      select from jamf_sync.object_leads as lead
      where lead.object_type = of_type and lead.object_id = link.object_id
        and lead.integration_id = than)
$$;
