-- Mobile devices: a collection beside computers whose records become devices as well. JAMF numbers both for itself, so a
-- mobile device's record is called by its id behind a prefix, everywhere but in JAMF: `mobile:12` is never computer 12, whatever
-- joins what (docs/decisions/0011). Their typed rows lie in one table with those of computers, which one set of statements reads.

alter table jamf_sync.captures
  drop constraint captures_collection_check,
  add constraint captures_collection_check
    check (collection in ('computers', 'users', 'groups', 'buildings', 'departments', 'mobile_devices'));

create table jamf_sync.raw_jamf_mobile_devices partition of jamf_sync.raw_jamf for values in ('mobile_devices');
alter table jamf_sync.raw_jamf_mobile_devices alter column document set statistics 0;

comment on table jamf_sync.jamf_computers_snapshot is
  'Typed rows of computers and, by ids that begin with mobile:, of mobile devices.';
comment on table jamf_sync.jamf_computer_contacts is
  'The volatile values of a computer or mobile device: when JAMF last heard of it.';

create or replace function jamf_sync.jamf_id_order(jamf_id text) returns numeric
language sql immutable parallel safe as $$
  -- JAMF's ids are strings of digits; the higher the later. Mobile devices come after all computers; anything else sorts first.
  select case when jamf_id ~ '^\d{1,30}$' then jamf_id::numeric
    when jamf_id ~ '^mobile:\d{1,30}$' then 1e30 + substr(jamf_id, 8)::numeric else -1 end
$$;

create function jamf_sync.device_record_type(jamf_id text) returns text
language sql immutable parallel safe as $$
  -- What links call the record of a device: it says itself whose number it is.
  select case when starts_with(jamf_id, 'mobile:') then 'mobile_device' else 'computer' end
$$;

create function jamf_sync.device_record(jamf_id text) returns text
language sql immutable parallel safe as $$
  -- The record of a device as people call it.
  select case when starts_with(jamf_id, 'mobile:') then 'mobile device ' || substr(jamf_id, 8)
    else 'computer ' || jamf_id end
$$;

-- Each of one SELECT, so that PostgreSQL writes them into the statement that uses them.
create function jamf_sync.jamf_mobile_devices_at(p_integration_id uuid, p_capture_id bigint)
returns setof jamf_sync.jamf_computers_snapshot language sql stable as $$
  select snapshot.* from jamf_sync.raw_jamf_mobile_devices as raw
  join jamf_sync.jamf_computers_snapshot as snapshot using (version_id)
  where raw.integration_id = p_integration_id and raw.valid_from_capture <= p_capture_id
    and (raw.valid_to_capture is null or raw.valid_to_capture > p_capture_id)
$$;

create function jamf_sync.jamf_devices_at(
  p_integration_id uuid, p_computers_capture_id bigint, p_mobile_devices_capture_id bigint
) returns setof jamf_sync.jamf_computers_snapshot language sql stable as $$
  -- What becomes devices, of the newest capture of each collection; 0: none.
  select * from jamf_sync.jamf_computers_at(p_integration_id, p_computers_capture_id)
  union all
  select * from jamf_sync.jamf_mobile_devices_at(p_integration_id, p_mobile_devices_capture_id)
$$;

create or replace view jamf_sync.staged_versions as
  select 'computers' as collection, version_id, staging_rules from jamf_sync.jamf_computers_snapshot
  union all select 'users', version_id, staging_rules from jamf_sync.jamf_users_snapshot
  union all select 'groups', version_id, staging_rules from jamf_sync.jamf_groups_snapshot
  union all select 'buildings', version_id, staging_rules from jamf_sync.jamf_buildings_snapshot
  union all select 'departments', version_id, staging_rules from jamf_sync.jamf_departments_snapshot
  union all select 'mobile_devices', version_id, staging_rules from jamf_sync.jamf_computers_snapshot;
