-- What undoes the work of an earlier plan and is nobody's right otherwise: putting back a M.O.S.S.-owned value, deleting a link, deleting
-- an object. These functions run with their owner's rights. A waiting row of a plan asks; what it asks for they prove from the ledger
-- (docs/security.md) and from M.O.S.S. as it is now. No row of a plan proves anything.

-- Puts back the M.O.S.S.-owned values of a row: only over a value that the sync wrote and that is still there, and only the value from
-- which an unbroken chain of the sync's own writes led to it. Each write counts once: it leaves the ledger.
create function moss_contract.restore_owned(waiting_row bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  asked jamf_sync.change_plan;
  owned jsonb;
  present jsonb;
  restored record;
  own record;
  reached text;
  is_proven boolean;
begin
  select planned.* into asked from jamf_sync.change_plan as planned where planned.row_id = waiting_row and planned.outcome is null;
  select jsonb_object_agg(field.key, field.value) into owned
  from jsonb_each(asked.after) as field
  where asked.object_type || '.' || field.key
        in ('person.username', 'person.full_name', 'person.department', 'device.asset_tag', 'device.location_id', 'device.room_id', 'device.device_type');
  if owned is null then
    return;
  end if;
  -- Locked first, so that what is looked at is what is replaced.
  if asked.object_type = 'device' then
    perform from public.devices as stored where stored.id = asked.object_id for no key update;
  else
    perform from public.people as stored where stored.id = asked.object_id for no key update;
  end if;
  select stored.values into present
  from moss_contract.object_values() as stored
  where stored.object_type = asked.object_type and stored.id = asked.object_id;
  for restored in select field.key, field.value from jsonb_each_text(owned) as field loop
    reached := present ->> restored.key;
    is_proven := false;
    for own in
      select write.write_id, write.replaced, write.written from jamf_sync.owned_writes as write
      where write.object_type = asked.object_type and write.object_id = asked.object_id and write.field = restored.key
      order by write.write_id desc
    loop
      exit when own.written is distinct from reached;
      delete from jamf_sync.owned_writes as spent where spent.write_id = own.write_id;
      reached := own.replaced;
      is_proven := reached is not distinct from restored.value;
      exit when is_proven;
    end loop;
    if not is_proven then
      raise exception 'Row % would put back what the sync did not replace, or over what it did not write.', waiting_row;
    end if;
  end loop;
  perform moss_contract.put_owned(asked.object_type, asked.object_id, owned);
end $$;

-- Deletes the link that a waiting row names, if it is one of a JAMF integration: M.O.S.S. itself makes none, and the writing role may
-- change them. That a row of the change log made it, or a person declined it, is asked for against mistakes in our own rules; it is no
-- proof. Yields whether it did.
create function moss_contract.delete_link(waiting_row bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  link uuid;
begin
  select mapping.id into link
  from jamf_sync.change_plan as asked
  join jamf_sync.plans as own on own.plan_id = asked.plan_id
  join moss_contract.integration_configs() as config
    on config.id = own.integration_id and config.integration_type = 'jamf'
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = config.id
   and mapping.internal_type = asked.label and mapping.internal_id = asked.object_id
   and mapping.external_type = asked.external_type and mapping.external_id = asked.external_id
  where asked.row_id = waiting_row and asked.outcome is null
    and asked.object_type = 'mapping' and asked.action = 'unlink'
    and (exists (
           select from jamf_sync.change_plan as linking
           where linking.object_type = asked.label and linking.object_id = asked.object_id and linking.outcome = 'applied'
             and linking.action in ('link', 'move') and linking.external_type = asked.external_type
             and linking.external_id = asked.external_id)
         or exists (
           select from jamf_sync.conflicts as decision
           where decision.kind = 'serial_not_linked' and decision.status = 'resolved' and decision.resolution = 'keep_moss'
             and decision.object_type = asked.label and decision.object_id = asked.object_id
             and decision.external_id = asked.external_id));
  if link is null then
    return false;
  end if;
  perform moss_contract.open_public();
  delete from public.integration_object_mappings as mapping
  where mapping.id operator(pg_catalog.=) link;
  perform moss_contract.require_written(
    'public.integration_object_mappings', (not found)::pg_catalog.int4);
  return true;
end $$;

-- What refers to an object of M.O.S.S., in words; null if nothing does. Every foreign key of the catalogue counts, and every column
-- object_id of a table that refers to objects of several types; what the pipeline itself wrote about the object does not.
-- Rows are looked into where the pipeline writes some itself. Those of any other table are counted, and nothing of theirs is called: neither
-- how a type turns into JSON, nor a policy (without row security, a table that has some is an error). A table of somebody to whom
-- M.O.S.S. is not entrusted is not even planned for, which runs what stands in its indexes: what has a foreign key there refers to the
-- object for all that is known, and a mere name of a column says nothing.
create function moss_contract.references_to(referred regclass, referred_id uuid, of_type text, integration uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set row_security = off as $$
#variable_conflict use_variable
declare
  reference record;
  hits bigint;
  found_in text[] := '{}';
begin
  for reference in
    select distinct constraint_of.conrelid::regclass as referrer, referring.attname as referring_column,
           moss_contract.is_trusted(referring_table.relowner) as is_looked_into
    from pg_catalog.pg_constraint as constraint_of
    cross join lateral unnest(constraint_of.conkey, constraint_of.confkey) as pair (referring_number, referred_number)
    join pg_catalog.pg_class as referring_table on referring_table.oid = constraint_of.conrelid
    join pg_catalog.pg_attribute as referring on referring.attrelid = constraint_of.conrelid and referring.attnum = pair.referring_number
    join pg_catalog.pg_attribute as target on target.attrelid = constraint_of.confrelid and target.attnum = pair.referred_number
    where constraint_of.contype = 'f' and constraint_of.confrelid = referred and target.attname = 'id'
    union
    select relation.oid::regclass, attribute.attname, true
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
    where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
      and attribute.attname in ('object_id', 'internal_id') and attribute.atttypid = 'uuid'::regtype and not attribute.attisdropped
      and moss_contract.is_trusted(relation.relowner)
    order by 1, 2
  loop
    if not reference.is_looked_into then
      found_in := found_in || format('%s.%s (of another owner, not looked into)', reference.referrer, reference.referring_column);
      continue;
    end if;
    if reference.referrer not in (
         'public.integration_object_mappings'::regclass, 'public.custom_field_values'::regclass,
         'public.group_members'::regclass, 'public.group_members'::regclass) then
      execute format(
        'select count(*) from %s as referring where referring.%I operator(pg_catalog.=) $1',
        reference.referrer, reference.referring_column)
      into hits using referred_id;
    else execute format(
      'select count(*) from (
         select to_jsonb(referring) as content from %s as referring where referring.%I = $1
       ) as candidates
       where not coalesce(
         $4 and content ->> ''integration_config_id'' = $2::text
         or $6 and exists (
           select from jamf_sync.group_member_additions as own
           where own.integration_id = $2 and own.group_id::text = content ->> ''group_id''
             and own.member_id::text in (content ->> ''person_id'', content ->> ''device_id''))
         or $5 and exists (
           select from jamf_sync.extension_attributes as own where own.field_name = content ->> ''field_name'')
         or $5 and $3 || ''.'' || (content ->> ''field_name'') in (''person.imported_from_jamf'', ''device.model_identifier'', ''device.processor_type'',
                                                                   ''device.os_build'', ''device.form_factor'', ''device.barcode_1'', ''device.barcode_2'',
                                                                   ''device.imei'', ''device.phone_number'', ''device.jamf_enrollment_status''), false)',
      reference.referrer, reference.referring_column)
    into hits using referred_id, integration, of_type,
      reference.referrer = 'public.integration_object_mappings'::regclass,
      reference.referrer = 'public.custom_field_values'::regclass,
      reference.referrer in (
        'public.group_members'::regclass, 'public.group_members'::regclass);
    end if;
    if hits > 0 then
      found_in := found_in || format('%s.%s (%s)', reference.referrer, reference.referring_column, hits);
    end if;
  end loop;
  return nullif(array_to_string(found_in, ', '), '');
end $$;

-- Deletes the object of a waiting row, if the sync created it, nobody else changed it since and nothing refers to it. Yields null when
-- it is gone, else why it stays.
create function moss_contract.delete_created(waiting_row bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  asked jamf_sync.change_plan;
  own jamf_sync.created_objects;
  integration uuid;
  referred regclass;
  stored jsonb;
  changed text;
  referrers text;
  deletion text;
  deleted bigint;
begin
  select planned.* into asked from jamf_sync.change_plan as planned
  where planned.row_id = waiting_row and planned.outcome is null and planned.action = 'delete';
  select created.* into own from jamf_sync.created_objects as created
  where created.object_type = asked.object_type and created.object_id = asked.object_id;
  if own.object_id is null then
    raise exception 'Row % would delete what the sync did not create.', waiting_row;
  end if;
  select planned.integration_id into integration from jamf_sync.plans as planned where planned.plan_id = asked.plan_id;
  referred := moss_contract.table_of(asked.object_type);
  execute format('select to_jsonb(object) from %s as object where id = $1 for update', referred) into stored using asked.object_id;
  if stored is null then
    return null;
  end if;
  -- Every UPDATE of M.O.S.S. bumps updated_at; of ours the ledger says the time.
  if (moss_contract.moment(stored ->> 'updated_at') in (
        moss_contract.moment(stored ->> 'created_at'), own.seen_at, own.next_at)) is not true then
    return 'It stays: somebody changed it in M.O.S.S. since it was created.';
  end if;
  -- What stands elsewhere than in its row, and what a person typed over with our own value: only ever a reason to let it stay.
  select string_agg(field.key, ', ' order by field.key) into changed
  from moss_contract.object_values() as present
  cross join lateral jsonb_each_text(present.values) as field
  left join jamf_sync.change_plan as made
    on made.row_id = (asked.details ->> 'undoes')::bigint and made.object_id = asked.object_id
  left join jamf_sync.applied_values as base
    on base.integration_id = integration and base.object_type = asked.object_type and base.object_id = asked.object_id
  where present.object_type = asked.object_type and present.id = asked.object_id
    and field.value is distinct from made.after ->> field.key and field.value is distinct from base.values ->> field.key;
  if changed is not null then
    return format('It stays: somebody changed it in M.O.S.S. since it was created (%s).', changed);
  end if;
  referrers := moss_contract.references_to(referred, asked.object_id, asked.object_type, integration);
  if referrers is not null then
    return format('It stays: other data of M.O.S.S. refers to it, in %s.', referrers);
  end if;
  delete from jamf_sync.group_member_additions as addition
  where addition.member_id = asked.object_id or addition.group_id = asked.object_id;
  delete from jamf_sync.applied_values as base
  where base.integration_id = integration and base.object_type = asked.object_type and base.object_id = asked.object_id;
  delete from jamf_sync.owned_writes as write
  where write.object_type = asked.object_type and write.object_id = asked.object_id;
  delete from jamf_sync.created_objects as created
  where created.object_type = asked.object_type and created.object_id = asked.object_id;
  deletion := format(
    'delete from %s as object where object.id operator(pg_catalog.=) $1', referred);
  perform moss_contract.open_public();
  delete from public.custom_field_values as field
  where field.object_type operator(pg_catalog.=) asked.object_type and field.object_id operator(pg_catalog.=) asked.object_id;
  delete from public.group_members as member
  where member.device_id operator(pg_catalog.=) asked.object_id
     or member.group_id operator(pg_catalog.=) asked.object_id
        and member.device_id is not null;
  delete from public.integration_object_mappings as mapping
  where mapping.integration_config_id operator(pg_catalog.=) integration
    and mapping.internal_type operator(pg_catalog.=) asked.object_type
    and mapping.internal_id operator(pg_catalog.=) asked.object_id;
  execute deletion using asked.object_id;
  get diagnostics deleted = row_count;
  if deleted operator(pg_catalog.=) 0 then
    -- What was deleted besides comes back with that.
    raise exception using errcode = 'MJ001';
  end if;
  return null;
exception
  when sqlstate 'MJ001' then
    return format('It stays: a trigger or a policy of %s keeps it from being deleted, without an error.', referred);
  when insufficient_privilege then
    return format('It stays: the owner of the contract lacks a right in M.O.S.S. (%s).', sqlerrm);
end $$;

revoke all on function moss_contract.restore_owned from public;
revoke all on function moss_contract.delete_link from public;
revoke all on function moss_contract.references_to from public;
revoke all on function moss_contract.delete_created from public;
