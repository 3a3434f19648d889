-- device_matches: which M.O.S.S. device each JAMF computer or mobile device is, with its person,
-- location and room, and by which evidence. Grain: one row per usable record of either.
-- Parameters: integration_id, computers_capture, mobile_devices_capture, hold_unlinked, recreate_deleted, username_domains,
-- ignored_usernames (text[] both; person_matches).
-- Reads seen_links (what links last saw), ranked_computers, location_matches, room_matches,
-- person_matches. Run after seen_links, judged_computers and ranked_computers, in one transaction.
-- A record id is only a pointer. A link holds while a piece of evidence agrees with what it last saw
-- (serial number, UDID, management id; M.O.S.S.'s serial number where it saw none), unless serial
-- number and model changed together: then it is another machine. A record that does not hold its
-- link is matched as if it had none: by the management id or UDID of a link that nobody holds and
-- whose serial number agrees or is unknown, else by serial number. One that M.O.S.S. has no device of,
-- and that the link of a deleted device saw, whatever its id was then, is that device: it is not
-- created again (recreate_deleted). A computer that a person declined
-- to link to a device (decisions) is not linked to it, and not created beside it.
-- Of several computers with one serial number one wins: managed before unmanaged, then the one that
-- holds a link, unless another displaces it (enrolled after its last contact, or heard of a day
-- later), then the latest contact, then the highest id. Two whose UDIDs differ, both managed and
-- heard of within 30 days of each other, are two machines: neither displaces the other. A contact
-- more than a day after the newest capture is unknown.
-- A device that a record has left is left behind, unless a record that cannot be used has its UDID
-- or management id (JAMF lists that machine, and does not say its serial number, or it is out of
-- scope), or unless it may be one of which JAMF says nothing: a personally-owned one, under an id
-- that another machine has left.
-- Computers and mobile devices are two inventories. No link moves from one to the other, whatever
-- agrees: a record whose serial number is that of a record of the other inventory, or of the device
-- that one is or was linked to, is a conflict (other_inventory), and nothing is written of it.
-- `offset 0` has PostgreSQL work out a value once, not at each of its uses.
with seeking as materialized (
  select jamf_id, record_type, serial_number, jamf_sync.serial_key(serial_number) as serial_key, udid,
         management_id, standing
  from ranked_computers where is_seeking
),
free_links as materialized (
  -- Links to devices that no computer holds: JAMF has the record no more, or it is another
  -- machine's, or a twin's.
  select link.*, ranked.standing in ('replaced', 'reused') is true as is_contradicted
  from seen_links as link
  left join ranked_computers as ranked on ranked.jamf_id = link.jamf_id
  where link.device_exists and ranked.is_holding is not true
),
buried_links as materialized (
  select record_type, device_id, saw_serial, saw_udid, saw_management_id from seen_links where not device_exists
),
hardware_hits as (
  -- Two joins: one of which either id may be the ground is no hash join.
  select seeking.jamf_id, seeking.serial_number, link.device_id, link.jamf_id as previous_jamf_id,
         link.saw_serial, link.moss_serial, true as by_management_id
  from seeking
  join free_links as link
    on link.saw_management_id = seeking.management_id and link.record_type = seeking.record_type
  where seeking.standing <> 'deleted'
  union all
  select seeking.jamf_id, seeking.serial_number, link.device_id, link.jamf_id,
         link.saw_serial, link.moss_serial, false
  from seeking
  join free_links as link
    on link.saw_udid = seeking.udid and link.record_type = seeking.record_type
  where seeking.standing <> 'deleted'
),
by_hardware as materialized (
  select jamf_id, (array_agg(device_id))[1] as device_id,
         (array_agg(previous_jamf_id))[1] as previous_jamf_id,
         bool_or(by_management_id) as by_management_id
  from hardware_hits
  where jamf_sync.serial_agrees(saw_serial, moss_serial, serial_number) is not false
  group by jamf_id
  having count(distinct device_id) = 1
),
hardware_once as (
  -- Two computers that carry one id (cloned images) prove nothing.
  select * from by_hardware as hit
  where not exists (
    select from by_hardware as other
    where other.device_id = hit.device_id and other.jamf_id <> hit.jamf_id)
),
buried_hits as (
  -- The same for links to devices that were deleted in M.O.S.S.; of these there is no serial number
  -- but the one that the link saw.
  select seeking.jamf_id, link.device_id
  from seeking
  join buried_links as link
    on link.saw_management_id = seeking.management_id and link.record_type = seeking.record_type
  where (link.saw_serial = seeking.serial_number) is not false
  union all
  select seeking.jamf_id, link.device_id
  from seeking
  join buried_links as link
    on link.saw_udid = seeking.udid and link.record_type = seeking.record_type
  where (link.saw_serial = seeking.serial_number) is not false
  union all
  select seeking.jamf_id, link.device_id
  from seeking
  join buried_links as link
    on link.saw_serial = seeking.serial_number and link.record_type = seeking.record_type
  where (link.saw_udid = seeking.udid) is not false
),
buried as materialized (
  select jamf_id, min(device_id::text)::uuid as device_id from buried_hits group by jamf_id
),
by_twin as materialized (
  -- The device of the twin that lost, whatever serial number M.O.S.S. shows for it.
  select seeking.jamf_id, (array_agg(link.device_id))[1] as device_id,
         (array_agg(link.jamf_id))[1] as previous_jamf_id
  from seeking
  join ranked_computers as loser
    on loser.serial_number = seeking.serial_number and loser.record_type = seeking.record_type
   and loser.jamf_id <> seeking.jamf_id
   and loser.standing = 'holds'
  join free_links as link on link.jamf_id = loser.jamf_id
  where seeking.standing <> 'deleted'
    and not exists (select from hardware_once where hardware_once.jamf_id = seeking.jamf_id)
    and not exists (select from hardware_once where hardware_once.device_id = link.device_id)
  group by seeking.jamf_id
  having count(distinct link.device_id) = 1
),
claimed as (
  select linked_device_id as device_id from ranked_computers where is_holding
  union all select device_id from hardware_once
  union all select device_id from by_twin
),
devices as materialized (
  select device.id, device.serial_number, jamf_sync.serial_key(device.serial_number) as serial_key
  from moss_contract.devices() as device
  where device.serial_number is not null
    and not exists (select from claimed where claimed.device_id = device.id)
),
serial_hits as materialized (
  -- Serial numbers are found whatever their case, as people type them; but a device is not taken
  -- for a computer's while another computer carries exactly its number.
  select seeking.jamf_id, seeking.serial_key, device.id as device_id,
         device.serial_number = seeking.serial_number as is_exact
  from seeking
  join devices as device on device.serial_key = seeking.serial_key
  left join (select distinct serial_number from ranked_computers) as carried
    on carried.serial_number = device.serial_number
  where device.serial_number = seeking.serial_number or carried.serial_number is null
),
typed_for_several as (
  -- What fits several computers but for its case identifies none of them.
  select seeking.serial_key
  from seeking
  join (select distinct serial_key from serial_hits where not is_exact) as typed
    on typed.serial_key = seeking.serial_key
  group by seeking.serial_key having count(*) > 1
),
by_serial as materialized (
  select hit.jamf_id, (array_agg(hit.device_id order by hit.is_exact desc))[1] as device_id,
         count(*) > 1 or bool_or(typed.serial_key is not null) as is_ambiguous
  from serial_hits as hit
  left join typed_for_several as typed on typed.serial_key = hit.serial_key
  group by hit.jamf_id
),
decisions as materialized (
  -- What people decided on linking a computer to the device of its serial number: take_jamf links
  -- it, keep_moss never does.
  select distinct on (external_id, object_id) external_id as jamf_id, object_id as device_id,
         resolution
  from jamf_sync.decisions
  where integration_id = %(integration_id)s and object_type = 'device'
    and kind = 'serial_not_linked'
  order by external_id, object_id, resolved_at desc, conflict_id desc
),
identity_by_username as materialized (
  -- Who goes by a user name, and the address that is known of that one; nobody where it is disputed
  -- (person_matches). By the name alone one of several JAMF users is not told from the others.
  select distinct on (username_key) username_key, person_id,
         case when email is not null then email_key end as address_key,
         min(user_person) over by_name is distinct from max(user_person) over by_name as is_several
  from (
    select person_matches.*,
           case when external_type = 'user' then coalesce(person_id::text, '') end as user_person
    from jamf_sync.person_matches
    where integration_id = %(integration_id)s and username_key is not null
  ) as person_match
  window by_name as (partition by username_key)
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
  select computer.*, hardware.device_id as hardware_device_id, hardware.by_management_id,
         coalesce(twin.device_id, serial.device_id) as serial_device_id,
         twin.device_id is null and serial.is_ambiguous as is_ambiguous,
         coalesce(hardware.previous_jamf_id, twin.previous_jamf_id, serial_link.jamf_id)
           as link_jamf_id,
         -- The record of the other inventory that has its serial number, or the device of that number.
         coalesce(
           computer.other_record,
           case when serial_link.record_type <> computer.record_type then serial_link.jamf_id end
         ) as yields_to,
         earlier.device_id as planned_device_id,
         -- A user name with another address than its own is known by the address.
         case when jamf_sync.is_nobody(jamf_sync.plain_username(computer.username_key, %(username_domains)s),
                                       %(ignored_usernames)s) then null
              when by_username.username_key is null then coalesce(username_as_email.person_id, by_email.person_id)
              when by_username.is_several and computer.email_key is null then null
              when coalesce(by_username.address_key = computer.email_key, true) then by_username.person_id
              else by_email.person_id end as person_id,
         location.location_id, room.room_id, decision.resolution,
         case computer.standing when 'deleted' then computer.linked_device_id
                                else buried.device_id end as lost_id
  from ranked_computers as computer
  left join buried on buried.jamf_id = computer.jamf_id
  left join hardware_once as hardware on hardware.jamf_id = computer.jamf_id
  left join by_twin as twin on twin.jamf_id = computer.jamf_id
  left join by_serial as serial on serial.jamf_id = computer.jamf_id
  left join free_links as serial_link
    on serial_link.device_id = serial.device_id and not serial.is_ambiguous
  left join jamf_sync.device_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.jamf_id = computer.jamf_id
   and earlier.outcome = 'create'
  left join decisions as decision
    on decision.jamf_id = computer.jamf_id
   and decision.device_id = case when computer.is_holding then computer.linked_device_id
                                 else coalesce(twin.device_id, serial.device_id) end
  left join identity_by_username as by_username
    on by_username.username_key = jamf_sync.plain_username(computer.username_key, %(username_domains)s)
  left join identity_by_email as username_as_email
    on username_as_email.email_key = computer.username_key
  left join identity_by_email as by_email on by_email.email_key = computer.email_key
  left join jamf_sync.location_matches as location
    on location.integration_id = %(integration_id)s and location.jamf_id = computer.building_id
  left join jamf_sync.room_matches as room
    on room.integration_id = %(integration_id)s and room.location_id = location.location_id
   and room.room_key = jamf_sync.match_key(computer.room)
),
decided as materialized (
  select resolved.*,
    case when winner <> jamf_id and is_alive_beside_winner then 'shared_serial'
         when winner <> jamf_id then 'twin'
         when is_holding and resolution = 'keep_moss' then 'declined'
         when is_holding then 'mapped'
         when hardware_device_id is null and yields_to is not null then 'other_inventory'
         when hardware_device_id is not null then 'moved'
         when lost_id is not null and serial_device_id is null
           and not %(recreate_deleted)s then 'deleted_internal'
         when is_ambiguous then 'ambiguous'
         when resolution = 'keep_moss' then 'declined'
         when link_jamf_id is not null then 'moved'
         when serial_device_id is not null and %(hold_unlinked)s and resolution is null then 'held'
         when serial_device_id is not null then 'matched'
         else 'create' end as outcome
  from resolved
),
moved as (
  -- Of a link that moves, the evidence is what that link last saw.
  select decided.jamf_id, link.is_contradicted,
    jamf_sync.evidence(
      array['serial_number', 'udid', 'management_id'],
      array[coalesce(link.saw_serial, link.moss_serial), link.saw_udid, link.saw_management_id],
      array[decided.serial_number, decided.udid, decided.management_id],
      array[
        jamf_sync.serial_agrees(link.saw_serial, link.moss_serial, decided.serial_number),
        link.saw_udid = decided.udid, link.saw_management_id = decided.management_id]) as evidence
  from decided
  join free_links as link on link.jamf_id = decided.link_jamf_id
  where decided.outcome = 'moved'
),
unusable as materialized (
  select jamf_id, is_personally_owned, lower(udid) as udid, lower(management_id) as management_id
  from jamf_sync.jamf_devices_at(
    %(integration_id)s, %(computers_capture)s, %(mobile_devices_capture)s)
  where not is_usable
),
listed as (
  select link.device_id from seen_links as link join unusable on unusable.udid = link.saw_udid
  union
  select link.device_id
  from seen_links as link join unusable on unusable.management_id = link.saw_management_id
),
untold as materialized (
  -- Personally-owned records that are not the machine they were last known as: that one has another
  -- record by now, or got one before.
  select decided.link_jamf_id as jamf_id
  from decided
  join unusable on unusable.jamf_id = decided.link_jamf_id and unusable.is_personally_owned
  where decided.outcome = 'moved'
  union all
  select unusable.jamf_id
  from unusable
  join jamf_sync.change_plan as change
    on change.object_type = 'device' and change.action = 'move' and change.outcome = 'applied'
   and change.details ->> 'previous_external_id' = unusable.jamf_id
  join jamf_sync.plans as plan
    on plan.plan_id = change.plan_id and plan.integration_id = %(integration_id)s
  left join seen_links as link on link.jamf_id = unusable.jamf_id
  where unusable.is_personally_owned and link.jamf_id is null
    and exists (select from decided where decided.standing = 'reused')
),
accounted_for as (
  select device_id from listed
  union
  select linked_device_id from decided where standing = 'reused' and exists (select from untold)
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, decided.jamf_id, version_id,
    case when is_holding and outcome in ('mapped', 'declined') then linked_device_id
         when outcome = 'create' then coalesce(planned_device_id, gen_random_uuid())
         when outcome in ('moved', 'matched', 'held', 'declined')
           then coalesce(hardware_device_id, serial_device_id)
    end as device_id,
    outcome,
    case when outcome in ('mapped', 'deleted_internal') then 'mapping'
         when outcome = 'moved' and hardware_device_id is not null
           then case when by_management_id then 'management_id' else 'udid' end
         when outcome <> 'create' then 'serial_number' end as matched_by,
    case when outcome = 'moved' then link_jamf_id end as previous_jamf_id,
    case when winner <> decided.jamf_id then winner
         when outcome = 'other_inventory' then yields_to end as twin_of,
    person_id, location_id, room_id,
    case when outcome = 'moved' then moved.evidence
         when standing = 'none' then '{}'
         when coalesce(serial_agrees, true) and coalesce(udid_agrees, true)
           and coalesce(management_id_agrees, true)
           then jamf_sync.hardware_agreed(serial_agrees, udid_agrees, management_id_agrees)
         else jamf_sync.evidence(
           array['serial_number', 'udid', 'management_id', 'model'],
           array[saw_serial, saw_udid, saw_management_id, saw_model],
           array[serial_number, udid, management_id, model],
           array[serial_agrees, udid_agrees, management_id_agrees,
                 case when standing = 'replaced' then false end])
    end as evidence,
    case when standing in ('reused', 'replaced') and device_exists and accounted.device_id is null
           then linked_device_id end as left_device_id,
    case when accounted.device_id is not null or not device_exists then null
         when standing = 'reused' then 'id_reused'
         when standing = 'replaced' then 'hardware_replaced' end as left_because,
    case when standing in ('reused', 'replaced') and device_exists then 'relink'
         when moved.is_contradicted then 'relink' end as guarded_as,
    lost_id
  from decided
  left join moved on moved.jamf_id = decided.jamf_id
  left join accounted_for as accounted on accounted.device_id = decided.linked_device_id
),
removed as (
  delete from jamf_sync.device_matches as earlier
  where earlier.integration_id = %(integration_id)s
    -- A match for each computer; of these PostgreSQL knows better how many there are.
    and not exists (
      select from ranked_computers as computer where computer.jamf_id = earlier.jamf_id)
)
insert into jamf_sync.device_matches
select matches.* from matches
left join jamf_sync.device_matches as earlier
  on earlier.integration_id = %(integration_id)s
  and earlier.jamf_id = matches.jamf_id
-- Less what stands already (docs/decisions/0006).
where matches.* is distinct from earlier.*
on conflict (integration_id, jamf_id) do update
set version_id = excluded.version_id, device_id = excluded.device_id, outcome = excluded.outcome,
    matched_by = excluded.matched_by,
    previous_jamf_id = excluded.previous_jamf_id, twin_of = excluded.twin_of,
    person_id = excluded.person_id,
    location_id = excluded.location_id, room_id = excluded.room_id, evidence = excluded.evidence,
    left_device_id = excluded.left_device_id, left_because = excluded.left_because,
    guarded_as = excluded.guarded_as, lost_id = excluded.lost_id
