-- device_matches: which M.O.S.S. device each JAMF computer is, with its person, location and room.
-- Grain: one row per usable computer. Parameters: integration_id, computers_capture, hold_unlinked, recreate_deleted,
-- username_domains, ignored_usernames (text[] both; person_matches).
-- Reads location_matches, room_matches, person_matches. Order: mapping by JAMF id, mapping by management id or UDID, serial number.
-- A computer that a person declined to link to a device (decisions) is not linked to it, and not created beside it.
-- Of several computers with one serial number (re-enrolment twins) one wins: managed before unmanaged, then the
-- one already mapped, unless another was enrolled after its last contact or was heard of a day later (so the winner does
-- not flip while both live), then the latest contact, then the highest id.
with computers as materialized (
  select computer.jamf_id, computer.version_id, computer.management_id, computer.udid, computer.is_managed, computer.enrolled_at,
         computer.building_id, computer.room, jamf_sync.serial_key(computer.serial_number) as serial_key,
         jamf_sync.match_key(computer.username) as username_key, jamf_sync.match_key(computer.email) as email_key,
         contact.last_contact_at
  from jamf_sync.jamf_computers_at(%(integration_id)s, %(computers_capture)s) as computer
  left join jamf_sync.jamf_computer_contacts as contact
    on contact.integration_id = %(integration_id)s and contact.jamf_id = computer.jamf_id
  where computer.is_usable
),
mappings as materialized (
  select mapping.external_id as jamf_id, mapping.internal_id as device_id, device.id is not null as device_exists,
         lower(mapping.external_data -> 'general' ->> 'managementId') as management_id, lower(mapping.external_data ->> 'udid') as udid
  from moss_contract.integration_object_mappings() as mapping
  left join moss_contract.devices() as device on device.id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'computer'
    and mapping.internal_type = 'device'
),
incumbents as (
  select computer.serial_key, max(computer.last_contact_at) as last_contact_at
  from computers as computer join mappings as mapping on mapping.jamf_id = computer.jamf_id and mapping.device_exists
  group by computer.serial_key
),
displaced as (
  select incumbent.serial_key
  from incumbents as incumbent
  join computers as challenger on challenger.serial_key = incumbent.serial_key and challenger.is_managed
  where not exists (select from mappings where mappings.jamf_id = challenger.jamf_id and mappings.device_exists)
    and (challenger.enrolled_at > incumbent.last_contact_at
         or challenger.last_contact_at > incumbent.last_contact_at + interval '1 day'
         or incumbent.last_contact_at is null and challenger.last_contact_at is not null)
  group by incumbent.serial_key
),
ranked as materialized (
  select computer.*, mapping.device_id as mapped_device_id, coalesce(mapping.device_exists, false) as mapped_device_exists,
    first_value(computer.jamf_id) over (
      partition by computer.serial_key
      order by coalesce(computer.is_managed, false) desc,
               mapping.device_exists is true and displaced.serial_key is null desc,
               computer.last_contact_at desc nulls last,
               jamf_sync.jamf_id_order(computer.jamf_id) desc, computer.jamf_id desc
    ) as winner
  from computers as computer
  left join mappings as mapping on mapping.jamf_id = computer.jamf_id
  left join displaced on displaced.serial_key = computer.serial_key
),
winners as materialized (
  select * from ranked where winner = jamf_id
),
free_mappings as materialized (
  select mapping.* from mappings as mapping
  where mapping.device_exists and not exists (select from winners where winners.jamf_id = mapping.jamf_id)
),
hardware_hits as (
  -- Two joins: one of which either id may be the ground is no hash join.
  select winner.jamf_id, mapping.device_id, mapping.jamf_id as previous_jamf_id, true as by_management_id
  from winners as winner join free_mappings as mapping on mapping.management_id = lower(winner.management_id)
  where winner.mapped_device_id is null
  union all
  select winner.jamf_id, mapping.device_id, mapping.jamf_id, false
  from winners as winner join free_mappings as mapping on mapping.udid = lower(winner.udid)
  where winner.mapped_device_id is null
),
by_hardware as materialized (
  select jamf_id, (array_agg(device_id))[1] as device_id, (array_agg(previous_jamf_id))[1] as previous_jamf_id,
         bool_or(by_management_id) as by_management_id
  from hardware_hits
  group by jamf_id
  having count(distinct device_id) = 1
),
hardware_once as (
  -- Two computers that carry one id (cloned images) prove nothing.
  select * from by_hardware as hit
  where not exists (select from by_hardware as other where other.device_id = hit.device_id and other.jamf_id <> hit.jamf_id)
),
by_twin as materialized (
  -- The device of the twin that lost, whatever serial number M.O.S.S. shows for it.
  select winner.jamf_id, (array_agg(mapping.device_id))[1] as device_id, (array_agg(mapping.jamf_id))[1] as previous_jamf_id
  from winners as winner
  join ranked as loser on loser.serial_key = winner.serial_key and loser.jamf_id <> winner.jamf_id
  join free_mappings as mapping on mapping.jamf_id = loser.jamf_id
  where winner.mapped_device_id is null
    and not exists (select from hardware_once where hardware_once.jamf_id = winner.jamf_id)
    and not exists (select from hardware_once where hardware_once.device_id = mapping.device_id)
  group by winner.jamf_id
  having count(distinct mapping.device_id) = 1
),
claimed as (
  select mapped_device_id as device_id from winners where mapped_device_exists
  union all select device_id from hardware_once
  union all select device_id from by_twin
),
devices as materialized (
  select device.id, jamf_sync.serial_key(device.serial_number) as serial_key
  from moss_contract.devices() as device
  where device.serial_number is not null and not exists (select from claimed where claimed.device_id = device.id)
),
by_serial as materialized (
  select winner.jamf_id, count(*) as hits, (array_agg(device.id))[1] as device_id
  from winners as winner join devices as device on device.serial_key = winner.serial_key
  where winner.mapped_device_id is null or (not winner.mapped_device_exists and %(recreate_deleted)s)
  group by winner.jamf_id
),
decisions as materialized (
  -- What people decided on linking a computer to the device of its serial number: take_jamf links it, keep_moss never does.
  select distinct on (external_id, object_id) external_id as jamf_id, object_id as device_id, resolution
  from jamf_sync.decisions
  where integration_id = %(integration_id)s and object_type = 'device' and kind = 'serial_not_linked'
  order by external_id, object_id, resolved_at desc, conflict_id desc
),
identity_by_username as materialized (
  -- Who goes by a user name, and the address that is known of that one; nobody where it is disputed (person_matches).
  select distinct on (username_key) username_key, person_id,
         case when email is not null then email_key end as address_key
  from jamf_sync.person_matches
  where integration_id = %(integration_id)s and username_key is not null
  order by username_key, external_type = 'user' desc, external_id = username_key desc,
           jamf_sync.jamf_id_order(external_id), external_id
),
identity_by_email as materialized (
  select email_key, (array_agg(person_id))[1] as person_id
  from jamf_sync.person_matches
  where integration_id = %(integration_id)s and email_key is not null
  group by email_key having count(distinct person_id) = 1 and count(*) = count(person_id)
),
resolved as (
  select computer.jamf_id, computer.version_id, computer.winner, computer.mapped_device_id, computer.mapped_device_exists,
         hardware.device_id as hardware_device_id, hardware.previous_jamf_id as hardware_previous, hardware.by_management_id,
         coalesce(twin.device_id, serial.device_id) as serial_device_id,
         case when twin.device_id is null then serial.hits else 1 end as serial_hits,
         coalesce(twin.previous_jamf_id, serial_mapping.jamf_id) as serial_previous,
         earlier.device_id as planned_device_id,
         -- A user name with another address than its own is known by the address.
         case when jamf_sync.is_nobody(jamf_sync.plain_username(computer.username_key, %(username_domains)s),
                                       %(ignored_usernames)s) then null
              when by_username.username_key is null then coalesce(username_as_email.person_id, by_email.person_id)
              when coalesce(by_username.address_key = computer.email_key, true) then by_username.person_id
              else by_email.person_id end as person_id,
         location.location_id, room.room_id, decision.resolution
  from ranked as computer
  left join hardware_once as hardware on hardware.jamf_id = computer.jamf_id
  left join by_twin as twin on twin.jamf_id = computer.jamf_id
  left join by_serial as serial on serial.jamf_id = computer.jamf_id
  left join free_mappings as serial_mapping on serial_mapping.device_id = serial.device_id and serial.hits = 1
  left join jamf_sync.device_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.jamf_id = computer.jamf_id and earlier.outcome = 'create'
  left join decisions as decision
    on decision.jamf_id = computer.jamf_id
   and decision.device_id = case when computer.mapped_device_exists then computer.mapped_device_id
                                 else coalesce(twin.device_id, serial.device_id) end
  left join identity_by_username as by_username
    on by_username.username_key = jamf_sync.plain_username(computer.username_key, %(username_domains)s)
  left join identity_by_email as username_as_email on username_as_email.email_key = computer.username_key
  left join identity_by_email as by_email on by_email.email_key = computer.email_key
  left join jamf_sync.location_matches as location
    on location.integration_id = %(integration_id)s and location.jamf_id = computer.building_id
  left join jamf_sync.room_matches as room
    on room.integration_id = %(integration_id)s and room.location_id = location.location_id
   and room.room_key = jamf_sync.match_key(computer.room)
),
decided as (
  select resolved.*,
    case when winner <> jamf_id then 'twin'
         when mapped_device_exists and resolution = 'keep_moss' then 'declined'
         when mapped_device_exists then 'mapped'
         when mapped_device_id is not null and not %(recreate_deleted)s then 'deleted_internal'
         when hardware_device_id is not null then 'moved'
         when serial_hits > 1 then 'ambiguous'
         when resolution = 'keep_moss' then 'declined'
         when serial_previous is not null then 'moved'
         when serial_hits = 1 and %(hold_unlinked)s and resolution is null then 'held'
         when serial_hits = 1 then 'matched'
         else 'create' end as outcome
  from resolved
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, jamf_id, version_id,
    case when outcome = 'mapped' or outcome = 'declined' and mapped_device_exists then mapped_device_id
         when outcome = 'create' then coalesce(planned_device_id, gen_random_uuid())
         when outcome in ('moved', 'matched', 'held', 'declined') then coalesce(hardware_device_id, serial_device_id) end as device_id,
    outcome,
    case when outcome in ('mapped', 'deleted_internal') then 'mapping'
         when outcome = 'moved' and hardware_device_id is not null then case when by_management_id then 'management_id' else 'udid' end
         when outcome in ('moved', 'matched', 'held', 'declined', 'ambiguous', 'twin') then 'serial_number' end as matched_by,
    case when outcome = 'moved' then coalesce(hardware_previous, serial_previous) end as previous_jamf_id,
    case when outcome = 'twin' then winner end as twin_of,
    person_id, location_id, room_id
  from decided
),
removed as (
  delete from jamf_sync.device_matches as earlier
  where earlier.integration_id = %(integration_id)s
    and not exists (select from matches where matches.jamf_id = earlier.jamf_id)
)
insert into jamf_sync.device_matches
select * from matches
-- Less what stands already (docs/decisions/0006).
except select * from jamf_sync.device_matches where integration_id = %(integration_id)s
on conflict (integration_id, jamf_id) do update
set version_id = excluded.version_id, device_id = excluded.device_id, outcome = excluded.outcome, matched_by = excluded.matched_by,
    previous_jamf_id = excluded.previous_jamf_id, twin_of = excluded.twin_of, person_id = excluded.person_id,
    location_id = excluded.location_id, room_id = excluded.room_id
