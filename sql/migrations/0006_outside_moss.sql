-- What a M.O.S.S. may have no place for, keyed by the M.O.S.S. object's id, and two helpers of the applying side.
-- Which dialect keeps what here is said by its contract (sql/contract); the tables are there in any case.

create table jamf_sync.custom_field_values (
  object_type text not null,
  object_id uuid not null,
  field_name text not null,
  value text,
  primary key (object_type, object_id, field_name)
);
comment on table jamf_sync.custom_field_values is
  'OS build, form factor, barcodes, enrolment status and the imported mark, where M.O.S.S. has no values of custom fields.';

create table jamf_sync.group_device_members (
  group_id uuid not null,
  device_id uuid not null,
  primary key (group_id, device_id)
);
create index group_device_members_by_device on jamf_sync.group_device_members (device_id);
comment on table jamf_sync.group_device_members is
  'The devices of static groups, where M.O.S.S. groups hold people only.';

create function jamf_sync.storable(plain text) returns text
language sql immutable strict parallel safe as $$
  -- Plain text is written as it is; a text that would itself be read as escaped is escaped once, so that it reads back the same.
  select case when jamf_sync.unescaped(plain) = plain then plain else replace(plain, '&', '&amp;') end
$$;

create function jamf_sync.refresh_statistics(table_name regclass) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Only the owner of a table may ANALYZE it, and the roles that fill these tables own nothing.
  if (select relnamespace from pg_class where oid = table_name) <> 'jamf_sync'::regnamespace then
    raise insufficient_privilege using message = format('%s is no table of jamf_sync', table_name);
  end if;
  execute format('analyze %s', table_name);
end $$;
