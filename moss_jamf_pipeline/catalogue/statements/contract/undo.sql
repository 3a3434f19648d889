-- What undoes the work of an earlier plan and is nobody's right otherwise: putting back a M.O.S.S.-owned value, deleting a link, deleting
-- an object. These functions run with their owner's rights and take nothing but a waiting row of a plan; what it names they prove
-- from the applied rows of change_plan and from M.O.S.S. as it is now.

-- Puts back the M.O.S.S.-owned values of a row: only over a value that an applied row wrote and that is still there, and only with a
-- value that an applied row replaced.
create function moss_contract.restore_owned(waiting_row bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  asked jamf_sync.change_plan;
  owned jsonb;
begin
  select planned.* into asked from jamf_sync.change_plan as planned where planned.row_id = waiting_row and planned.outcome is null;
  select jsonb_object_agg(field.key, field.value) into owned
  from jsonb_each(asked.after) as field
  where asked.object_type || '.' || field.key
        in ({{ restored fields }});
  if owned is null then
    return;
  end if;
  if exists (
    select from jsonb_each_text(owned) as field
    where not exists (
        select from jamf_sync.change_plan as written
        where written.object_type = asked.object_type and written.object_id = asked.object_id and written.outcome = 'applied'
          and written.after ? field.key and written.after ->> field.key is not distinct from asked.before ->> field.key)
      or not exists (
        select from jamf_sync.change_plan as written
        where written.object_type = asked.object_type and written.object_id = asked.object_id and written.outcome = 'applied'
          and written.before ? field.key and written.before ->> field.key is not distinct from field.value)
      or not exists (
        select from moss_contract.object_values() as stored
        where stored.object_type = asked.object_type and stored.id = asked.object_id
          and stored.values ->> field.key is not distinct from asked.before ->> field.key)) then
    raise exception 'Row % would put back what no plan replaced, or over what no plan wrote.', waiting_row;
  end if;
  if asked.object_type = 'device' then
    update {{ devices }} as stored
    set {{ restored columns of device }}
    where stored.{{ devices.id }} = asked.object_id;
  else
    update {{ people }} as stored
    set {{ restored columns of person }}
    where stored.{{ people.id }} = asked.object_id;
  end if;
end $$;

-- Deletes the link that a waiting row names, if an applied row made it or a person declined it. Yields whether it did.
create function moss_contract.delete_link(waiting_row bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  asked jamf_sync.change_plan;
begin
  select planned.* into asked from jamf_sync.change_plan as planned
  where planned.row_id = waiting_row and planned.outcome is null and planned.object_type = 'mapping' and planned.action = 'unlink'
    and (exists (
           select from jamf_sync.change_plan as linking
           where linking.object_type = planned.label and linking.object_id = planned.object_id and linking.outcome = 'applied'
             and linking.action in ('link', 'move') and linking.external_type = planned.external_type
             and linking.external_id = planned.external_id)
         or exists (
           select from jamf_sync.conflicts as decision
           where decision.kind = 'serial_not_linked' and decision.status = 'resolved' and decision.resolution = 'keep_moss'
             and decision.object_type = planned.label and decision.object_id = planned.object_id
             and decision.external_id = planned.external_id));
  delete from public.integration_object_mappings as mapping
  using jamf_sync.plans as own
  where own.plan_id = asked.plan_id and mapping.integration_config_id = own.integration_id
    and mapping.internal_type = asked.label and mapping.internal_id = asked.object_id
    and mapping.external_type = asked.external_type and mapping.external_id = asked.external_id;
  return found;
end $$;

-- What refers to an object of M.O.S.S., in words; null if nothing does. Every foreign key of the catalogue counts, and every column
-- object_id of a table that refers to objects of several types; what the pipeline itself wrote about the object does not.
create function moss_contract.references_to(referred regclass, referred_id uuid, of_type text, integration uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  reference record;
  hits bigint;
  found_in text[] := '{}';
begin
  for reference in
    select distinct constraint_of.conrelid::regclass as referrer, referring.attname as referring_column
    from pg_catalog.pg_constraint as constraint_of
    cross join lateral unnest(constraint_of.conkey, constraint_of.confkey) as pair (referring_number, referred_number)
    join pg_catalog.pg_attribute as referring on referring.attrelid = constraint_of.conrelid and referring.attnum = pair.referring_number
    join pg_catalog.pg_attribute as target on target.attrelid = constraint_of.confrelid and target.attnum = pair.referred_number
    where constraint_of.contype = 'f' and constraint_of.confrelid = referred and target.attname = 'id'
    union
    select relation.oid::regclass, attribute.attname
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
    where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
      and attribute.attname in ('object_id', 'internal_id') and attribute.atttypid = 'uuid'::regtype and not attribute.attisdropped
    order by 1, 2
  loop
    execute format(
      'select count(*) from (
         select to_jsonb(referring) as content from %s as referring where referring.%I = $1
       ) as candidates
       where not coalesce(
         content ->> ''integration_config_id'' = $2::text
         or content ? ''group_id'' and exists (
           select from jamf_sync.group_member_additions as own
           where own.integration_id = $2 and own.group_id::text = content ->> ''group_id''
             and own.member_id::text in (content ->> ''person_id'', content ->> ''device_id''))
         or content ? ''field_name'' and exists (
           select from jamf_sync.field_ownership as own
           where own.integration_id = $2 and own.object_type = $3 and own.field = content ->> ''field_name''), false)',
      reference.referrer, reference.referring_column)
    into hits using referred_id, integration, of_type;
    if hits > 0 then
      found_in := found_in || format('%s.%s (%s)', reference.referrer, reference.referring_column, hits);
    end if;
  end loop;
  return nullif(array_to_string(found_in, ', '), '');
end $$;

-- Deletes the object of a waiting row, if an applied row created it, nobody changed it since and nothing refers to it. Yields null when
-- it is gone, else why it stays.
create function moss_contract.delete_created(waiting_row bigint) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_variable
-- M.O.S.S.'s trigger functions name their tables without a schema, hence this search_path.
declare
  asked jamf_sync.change_plan;
  created jamf_sync.change_plan;
  integration uuid;
  referred regclass;
  stored jsonb;
  changed text;
  referrers text;
begin
  select planned.* into asked from jamf_sync.change_plan as planned
  where planned.row_id = waiting_row and planned.outcome is null and planned.action = 'delete';
  select applied.* into created from jamf_sync.change_plan as applied
  where applied.row_id = (asked.details ->> 'undoes')::bigint and applied.action = 'create' and applied.outcome = 'applied'
    and applied.object_type = asked.object_type and applied.object_id = asked.object_id;
  if created.row_id is null then
    raise exception 'Row % would delete what no plan created.', waiting_row;
  end if;
  select own.integration_id into integration from jamf_sync.plans as own where own.plan_id = asked.plan_id;
  referred := format('public.%I', case asked.object_type
    when 'location' then 'locations' when 'room' then 'rooms' when 'person' then 'people'
    when 'device' then 'devices' when 'io' then 'ios' when 'group' then 'groups' end)::regclass;
  execute format('select to_jsonb(object) from %s as object where id = $1 for update', referred) into stored using asked.object_id;
  if stored is null then
    return null;
  end if;
  -- Every UPDATE of M.O.S.S. bumps updated_at; ours do at the time that their row says.
  if (stored ->> 'updated_at')::timestamptz <> (stored ->> 'created_at')::timestamptz
     and not exists (
       select from jamf_sync.change_plan as own
       where own.object_type = asked.object_type and own.object_id = asked.object_id and own.outcome = 'applied'
         and own.applied_at = (stored ->> 'updated_at')::timestamptz) then
    return 'It stays: somebody changed it in M.O.S.S. since it was created.';
  end if;
  select string_agg(field.key, ', ' order by field.key) into changed
  from moss_contract.object_values() as present
  cross join lateral jsonb_each_text(present.values) as field
  left join jamf_sync.applied_values as base
    on base.integration_id = integration and base.object_type = asked.object_type and base.object_id = asked.object_id
  where present.object_type = asked.object_type and present.id = asked.object_id
    and field.value is distinct from created.after ->> field.key and field.value is distinct from base.values ->> field.key;
  if changed is not null then
    return format('It stays: somebody changed it in M.O.S.S. since it was created (%s).', changed);
  end if;
  referrers := moss_contract.references_to(referred, asked.object_id, asked.object_type, integration);
  if referrers is not null then
    return format('It stays: other data of M.O.S.S. refers to it, in %s.', referrers);
  end if;
  delete from {{ custom_field_values }} as field
  where field.object_type = asked.object_type and field.object_id = asked.object_id;
  delete from {{ group_device_members }} as member
  where member.{{ group_device_members.device_id }} = asked.object_id
     or member.{{ group_device_members.group_id }} = asked.object_id
        and member.{{ group_device_members.device_id }} is not null;
  delete from public.integration_object_mappings as mapping
  where mapping.integration_config_id = integration and mapping.internal_type = asked.object_type and mapping.internal_id = asked.object_id;
  delete from jamf_sync.group_member_additions as addition
  where addition.integration_id = integration and (addition.member_id = asked.object_id or addition.group_id = asked.object_id);
  delete from jamf_sync.applied_values as base
  where base.integration_id = integration and base.object_type = asked.object_type and base.object_id = asked.object_id;
  execute format('delete from %s where id = $1', referred) using asked.object_id;
  return null;
exception
  when insufficient_privilege then
    return format('It stays: the owner of the contract lacks a right in M.O.S.S. (%s).', sqlerrm);
end $$;

revoke all on function moss_contract.restore_owned from public;
revoke all on function moss_contract.delete_link from public;
revoke all on function moss_contract.references_to from public;
revoke all on function moss_contract.delete_created from public;
