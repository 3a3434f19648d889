-- Compares every matched computer and mobile device with its device; those that differ go to compared_objects, the rest are counted.
-- Parameters: integration_id, plan_id, computers_capture, mobile_devices_capture, rejected, clearable (fields a JAMF null empties), flag_adopted, keep_human_edits,
-- username_domains, ignored_usernames (text[] both: who is nobody, as person_matches has it), attributes (text[]: the custom fields of
-- mapped extension attributes). Of an attribute that JAMF has no value of and never gave one, whatever M.O.S.S. holds is its own (`own`):
-- it is no base, so that no later null takes it away.
-- Reads device_matches, device_values, applied_values, decisions, object_leads. What a match says of its
-- evidence goes into the details of the row; a device that a record has left, and that no other
-- record is, is told in a conflict. A JAMF null says nothing and is overlaid with what M.O.S.S. holds, except
-- a clearable field (the user, under policy on_empty_user: clear, and only if JAMF names nobody). The room counts only inside its own location. A serial number
-- that another M.O.S.S. device carries is not taken over: it stays and is a conflict. The kind of a device is compared where M.O.S.S. holds
-- what we wrote (the base has it, and has it only of devices that we created); elsewhere it is M.O.S.S.'s. Where host names are unique, so it is with a host
-- name: of several that want one name, the device that has it and keeps it, else the lowest JAMF id, gets it.
-- A device that holds all JAMF says (is_settled) is told apart in the one pass over the fleet and only counted: nothing below could
-- concern it, for it changes neither serial number nor host name, and nobody's decision about it waits. A device that another JAMF
-- server leads (is_secondary) keeps its serial number and host name as well (plan_secondary_objects). `offset 0` has PostgreSQL
-- work out a JSON value once, not at each of its uses.
with recursive to_be_restored as materialized (
  select distinct object_id from jamf_sync.decisions
  where integration_id = %(integration_id)s and object_type = 'device' and is_to_be_restored
),
valued as (
  select match.*, computer.hostname, computer.serial_number, value.values as moss, coalesce(applied.values, '{}') as base,
    case when computer.described ->> 'form_factor' in ('laptop', 'mobile_device') then computer.described ->> 'form_factor'
         else 'workstation' end as device_type,
    restored.object_id is not null as is_to_be_restored,
    lead.object_id is not null as is_secondary,
    case match.outcome when 'create' then 'create' when 'moved' then 'move' when 'matched' then 'link'
                       when 'mapped' then case when mapping.sync_status = 'deleted_external' then 'return' else 'update' end end as action,
    -- JAMF names nobody, or an account of the system.
    case when computer.username is null and computer.email is null and computer.full_name is null
           or 'assigned_to_person_id' = any (%(clearable)s::text[]) and jamf_sync.is_nobody(
             jamf_sync.plain_username(jamf_sync.match_key(computer.username), %(username_domains)s),
             %(ignored_usernames)s) then %(clearable)s::text[]
         else array_remove(%(clearable)s::text[], 'assigned_to_person_id') end as clearable,
    case when cardinality(%(attributes)s::text[]) = 0 then '{}' else array(
      select attribute.name from unnest(%(attributes)s::text[]) as attribute (name)
      where computer.described ->> attribute.name is null
        and not coalesce(applied.values, '{}') ? attribute.name) end as own,
    computer.described || jsonb_build_object(
      'device_type', case when applied.values ->> 'device_type' = value.values ->> 'device_type' then kind.accepted end,
      'serial_number', computer.serial_number, 'hostname', computer.hostname, 'jamf_enrollment_status', 'enrolled',
      'assigned_to_person_id', match.person_id, 'location_id', match.location_id,
      'room_id', case when coalesce(value.values ->> 'location_id', case when not coalesce(applied.values, '{}') ? 'location_id'
                                                                        then match.location_id::text end)
                           = match.location_id::text then match.room_id end) as jamf
  from jamf_sync.device_matches as match
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
  left join (select id, values from moss_contract.device_values() offset 0) as value on value.id = match.device_id
  left join jamf_sync.applied_values as applied
    on applied.integration_id = %(integration_id)s and applied.object_type = 'device' and applied.object_id = match.device_id
  left join moss_contract.vocabulary as kind
    on kind.domain = 'device_type' and kind.canonical = computer.described ->> 'form_factor'
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'device'
   and mapping.internal_id = match.device_id
  left join to_be_restored as restored on restored.object_id = match.device_id
  left join jamf_sync.object_leads as lead
    on lead.object_type = 'device' and lead.object_id = match.device_id and lead.integration_id <> %(integration_id)s
  where match.integration_id = %(integration_id)s
  offset 0
),
fleet as materialized (
  -- The whole fleet; of a settled device without its values.
  select valued.jamf_id, jamf_sync.device_record_type(valued.jamf_id) as record_type, device_id, version_id, outcome, action, matched_by, previous_jamf_id, twin_of, hostname, serial_number, device_type,
         clearable, own, is_to_be_restored, is_secondary, is_settled, case when not is_settled then jamf end as jamf,
         case when not is_settled then moss end as moss, case when not is_settled then base end as base,
         case when not is_settled then evidence end as evidence, left_device_id, left_because, guarded_as, lost_id
  from valued
  cross join lateral (
    -- Where no null of JAMF's empties anything, M.O.S.S. holds what JAMF says or it does not; nothing is overlaid to see it.
    select coalesce(action = 'update' and not is_to_be_restored
                    and case when cardinality(clearable) = 0 then moss @> jsonb_strip_nulls(jamf)
                             else jamf_sync.overlaid(moss, jamf, clearable) - own = moss - own end
                    and case when cardinality(own) = 0 then jsonb_strip_nulls(moss) else jsonb_strip_nulls(moss) - own end
                        - 'device_type' = base - 'device_type', false) as is_settled
    offset 0
  ) as judged
),
candidates as materialized (
  select * from fleet where not is_settled
),
renumbered as materialized (
  -- Devices whose serial number would change to one that another device (or several: one is named)
  -- carries and keeps. A number that differs only in case and is exactly another computer's is
  -- another one.
  select distinct on (candidate.jamf_id) candidate.jamf_id, other.id as other_id
  from candidates as candidate
  join moss_contract.devices() as other
    on jamf_sync.serial_key(other.serial_number) = jamf_sync.serial_key(candidate.serial_number) and other.id <> candidate.device_id
  left join fleet as carrier
    on carrier.device_id = other.id and carrier.serial_number = other.serial_number
  where candidate.outcome in ('mapped', 'moved') and not candidate.is_secondary
    and (other.serial_number = candidate.serial_number or carrier.device_id is null)
    and jamf_sync.serial_key(candidate.moss ->> 'serial_number') is distinct from jamf_sync.serial_key(candidate.serial_number)
    and not exists (
      select from candidates as leaving
      where leaving.device_id = other.id and leaving.outcome in ('mapped', 'moved') and not leaving.is_secondary
        and jamf_sync.serial_key(leaving.serial_number) <> jamf_sync.serial_key(candidate.serial_number))
  order by candidate.jamf_id, other.id
),
renaming as materialized (
  -- Devices whose host name would change, where names are unique.
  select jamf_id, device_id, hostname as wanted, moss ->> 'hostname' as current,
         row_number() over (partition by hostname order by jamf_sync.jamf_id_order(jamf_id), jamf_id) as place
  from candidates
  cross join (
    select max(on_update) as on_update from jamf_sync.field_ownership
    where integration_id = %(integration_id)s and object_type = 'device' and field = 'hostname'
  ) as ownership
  where outcome in ('create', 'moved', 'matched', 'mapped') and not is_secondary and hostname is not null
    and (select is_available from moss_contract.capabilities where name = 'hostname_is_unique')
    and (outcome = 'create' or hostname is distinct from moss ->> 'hostname' and case ownership.on_update
      when 'overwrite' then not (%(keep_human_edits)s and base <> '{}' and moss ->> 'hostname' is distinct from base ->> 'hostname')
      when 'fill' then moss ->> 'hostname' is null and base ->> 'hostname' is null else false end)
    and not exists (
      -- A person decided that it keeps its name.
      select from jamf_sync.decisions as decision
      where decision.integration_id = %(integration_id)s and decision.object_type = 'device' and decision.object_id = candidates.device_id
        and decision.field = 'hostname'
        and (decision.resolution = 'pin' or decision.resolution = 'keep_moss' and decision.jamf_value = to_jsonb(candidates.hostname)))
),
kept_hostnames (hostname) as (
  -- Names that stay where they are, as seen from the devices that want them: of devices that are not renamed, of those that lose
  -- to another that wants the same, and, down a chain, of those whose new name stays with somebody else.
  select jamf_sync.unescaped(device.hostname) from moss_contract.devices() as device
  where jamf_sync.unescaped(device.hostname) in (select wanted from renaming)
    and not exists (select from renaming where renaming.device_id = device.id)
  union
  select current from renaming where place > 1 and current is not null
  union
  select renaming.current from renaming join kept_hostnames as kept on kept.hostname = renaming.wanted
  where renaming.current is not null
),
hostname_taken as materialized (
  select jamf_id from renaming
  left join (select distinct hostname from kept_hostnames) as kept on kept.hostname = renaming.wanted
  where place > 1 or kept.hostname is not null
),
compared as materialized (
  select candidate.jamf_id, candidate.record_type, candidate.device_id, candidate.version_id, candidate.previous_jamf_id, candidate.matched_by, candidate.hostname,
    candidate.serial_number, candidate.device_type, candidate.moss - candidate.own as moss, candidate.base, candidate.action, candidate.is_to_be_restored,
    candidate.is_secondary, candidate.evidence, candidate.left_device_id, candidate.left_because,
    candidate.guarded_as, candidate.lost_id,
    renumbered.other_id, hostname_taken.jamf_id is not null as is_hostname_taken,
    jamf_sync.overlaid(
      moss, jamf - case when renumbered.jamf_id is null then '' else 'serial_number' end
                 - case when hostname_taken.jamf_id is null then '' else 'hostname' end,
      clearable) - candidate.own as wanted
  from candidates as candidate
  left join renumbered on renumbered.jamf_id = candidate.jamf_id
  left join hostname_taken on hostname_taken.jamf_id = candidate.jamf_id
  where candidate.action is not null
),
captures as (
  -- What is known of the absence of a computer, and what of that of a mobile device.
  select case collection when 'computers' then 'computer' else 'mobile_device' end as record_type, status, sweep
  from jamf_sync.captures where capture_id in (%(computers_capture)s, %(mobile_devices_capture)s)
),
left_behind as (
  -- Devices whose record is another machine by now, and that no other record is. That JAMF has none,
  -- only a complete capture says, and none of a few records by their ids (targeted); where the record goes to another device, the old one is left
  -- behind in any case.
  -- The evidence of a record that takes a link along is of that link, not of the one it leaves.
  select candidate.jamf_id, candidate.record_type, candidate.serial_number, candidate.left_because,
         case when candidate.outcome <> 'moved'
              then ': ' || jamf_sync.evidence_sentence(candidate.evidence) end as told,
         left_device.id as device_id, left_device.serial_number as left_serial_number,
         capture.status = 'complete' and capture.sweep <> 'targeted' as is_proven,
         coalesce(jamf_sync.unescaped(left_device.hostname), left_device.serial_number) as label
  from candidates as candidate
  join moss_contract.devices() as left_device on left_device.id = candidate.left_device_id
  left join candidates as found
    on found.device_id = candidate.left_device_id and found.outcome in ('moved', 'matched', 'held')
  join captures as capture on capture.record_type = candidate.record_type
  where candidate.left_because in ('id_reused', 'hardware_replaced') and found.jamf_id is null
    and (capture.status = 'complete' and capture.sweep <> 'targeted'
      or candidate.outcome in ('create', 'matched', 'moved'))
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'device', count(*) + %(rejected)s,
    count(*) filter (where not is_usable and not is_personally_owned and not is_out_of_scope) + %(rejected)s,
    count(*) filter (where is_personally_owned or is_out_of_scope)
      + (select count(*) from candidates where outcome in ('twin', 'shared_serial', 'other_inventory', 'declined', 'deleted_internal')),
    (select count(*) from fleet where is_settled)
  from jamf_sync.jamf_devices_at(%(integration_id)s, %(computers_capture)s, %(mobile_devices_capture)s)
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, moss_value, detail)
  select %(plan_id)s, 'device', null, record_type, jamf_id, hostname, 'ambiguous_match', 'serial_number', serial_number, serial_number,
         'Several M.O.S.S. devices carry this serial number; nothing was written to any of them. Retire or correct all but one.'
  from candidates where outcome = 'ambiguous'
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, hostname, 'serial_not_linked', 'serial_number', serial_number, serial_number,
         'M.O.S.S. knew this serial number before it was linked to JAMF; nothing is written until a person accepts it.'
  from candidates where outcome = 'held'
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, hostname, 'serial_not_linked', 'serial_number', serial_number, serial_number,
         'M.O.S.S. knew this serial number before it was linked to JAMF; it was linked. Confirm, or revert.'
  from candidates
  where outcome = 'matched' and not is_secondary and %(flag_adopted)s
    and lost_id is null
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, hostname, 'linked_again', null,
         serial_number, serial_number,
         'The device that ' || jamf_sync.device_record(jamf_id) || ' was linked to was deleted in M.O.S.S., and this '
         || 'one has the same serial number: it was linked. Confirm it, or correct its serial number.'
  from candidates
  where outcome = 'matched' and not is_secondary and %(flag_adopted)s
    and lost_id is not null
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, hostname, 'serial_changed', null,
         serial_number, moss ->> 'serial_number',
         'JAMF gives this device another serial number: ' || jamf_sync.evidence_sentence(evidence)
         || '. So it is the same ' || case record_type when 'computer' then 'Mac' else 'device' end
         || ', with a corrected number or a new logic board, and JAMF''s '
         || 'number is taken over. Confirm it, or correct the record in JAMF.'
  from compared
  where action in ('update', 'return') and other_id is null and not is_secondary
    and evidence -> 'contradicted' ? 'serial_number'
    and jamf_sync.is_reserial('update', moss, wanted)
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, label, left_because, null,
         serial_number, left_serial_number,
         jamf_sync.capitalised(jamf_sync.device_record(jamf_id)) || ' was this device (serial number '
         || coalesce(left_serial_number, 'unknown') || ') and is another '
         || case record_type when 'computer' then 'Mac' else 'device' end || ' by now (serial number '
         || serial_number || ')' || coalesce(told, '') || '. This device keeps everything M.O.S.S. '
         || 'knows of it'
         || case when is_proven
              then ' and is marked unenrolled. Say in M.O.S.S. what became of it; if it is in use, '
                || 'enrol it again.'
              else '. Not all of JAMF''s ' || replace(record_type, '_', ' ') || 's were read: whether JAMF has it under another id, the '
                || 'next complete capture tells.' end
  from left_behind
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, compared.hostname, 'serial_taken',
         'serial_number', compared.serial_number, moss ->> 'serial_number',
         'JAMF gives this device the serial number ' || compared.serial_number
         || ', which another M.O.S.S. device carries ('
         || coalesce(jamf_sync.unescaped(other.hostname), 'without a host name') || ', '
         || jamf_sync.unescaped(other.serial_number) || '); the old one stays. If the two are one Mac, '
         || 'merge the other into this one in M.O.S.S.; if not, correct the serial number that is wrong.'
  from compared join moss_contract.devices() as other on other.id = compared.other_id
  union all
  select %(plan_id)s, 'device', device_id, record_type, jamf_id, hostname, 'hostname_taken', 'hostname',
         hostname, moss ->> 'hostname',
         'Another device has this host name and keeps it, and M.O.S.S. allows each name once; this one keeps its own'
         || case when moss ->> 'hostname' is null then ' (it has none)' else '' end || '. Rename one of them in JAMF, or correct the other device.'
  from compared where is_hostname_taken
  union all
  select %(plan_id)s, 'device', null, record_type, jamf_id, hostname, 'twin_record', 'serial_number', serial_number, null,
         case when capture.status = 'complete' and capture.sweep <> 'targeted'
           then 'JAMF has several records of this serial number; ' || jamf_sync.device_record(twin_of)
             || ' is synced, this one is not. Delete the stale record in JAMF.'
           else jamf_sync.capitalised(jamf_sync.device_record(twin_of))
             || ' has this serial number as well, and is synced; this one is not. Not all of JAMF''s '
             || replace(record_type, '_', ' ') || 's were read: one of the two may be another '
             || case record_type when 'computer' then 'Mac' else 'device' end || ' by now. Delete neither before a '
             || 'complete capture says the same.' end
  from candidates
  join captures as capture using (record_type)
  where outcome = 'twin'
  union all
  select %(plan_id)s, 'device', null, record_type, jamf_id, hostname, 'shared_serial', 'serial_number',
         serial_number, null,
         'Two ' || case record_type when 'computer' then 'Macs' else 'mobile devices' end
         || ' report this serial number, and both are alive: their UDIDs differ, and JAMF heard of '
         || 'both within 30 days. ' || jamf_sync.capitalised(jamf_sync.device_record(twin_of))
         || ' is synced, this one is not. Delete '
         || 'neither: give one its own serial number, or, if one '
         || case record_type when 'computer' then 'Mac' else 'device' end || ' got a new logic board, wait until '
         || 'its older record falls silent.'
  from candidates where outcome = 'shared_serial'
  union all
  select %(plan_id)s, 'device', null, record_type, jamf_id, hostname, 'serial_in_both_inventories', 'serial_number',
         serial_number, null,
         'JAMF''s ' || jamf_sync.device_record(twin_of) || ' has this serial number, or is linked to the device that has '
         || 'it. JAMF keeps computers and mobile devices in inventories of their own, and no machine is in both: nothing '
         || 'was written of ' || jamf_sync.device_record(jamf_id)
         || '. Correct the serial number that is wrong, or delete the record that is stale, in JAMF.'
  from candidates where outcome = 'other_inventory'
)
insert into compared_objects (object_type, object_id, external_type, external_id, label, action, reason, jamf, moss, base, details)
select 'device', device_id, record_type, jamf_id, coalesce(hostname, serial_number), action,
  case action when 'create' then 'unknown_to_moss' when 'link' then 'matched_by_' || matched_by when 'move' then 'matched_by_' || matched_by
              when 'return' then 'back_in_jamf' else 'values_differ' end,
  case when action = 'create' then wanted || jsonb_build_object(
    'device_type', vocabulary.accepted,
    'notes', 'Synced from JAMF Pro') else wanted end,
  coalesce(moss, '{}'),
  -- What was deleted in M.O.S.S. took its references along: that is no person's edit of the device.
  base - array_remove(array[
    case when person.id is null and moss ->> 'assigned_to_person_id' is null then 'assigned_to_person_id' end,
    case when location.id is null and moss ->> 'location_id' is null then 'location_id' end,
    case when room.id is null and moss ->> 'room_id' is null then 'room_id' end], null),
  jsonb_strip_nulls(jsonb_build_object(
    'version_id', version_id, 'previous_external_id', previous_jamf_id, 'evidence', nullif(evidence, '{}'),
    'guarded_as', guarded_as, 'left_object_id', left_device_id, 'left_because', left_because,
    'lost_object_id', lost_id))
from compared
left join moss_contract.vocabulary
  on vocabulary.domain = 'device_type' and vocabulary.canonical = compared.device_type
left join moss_contract.people() as person on person.id = (compared.base ->> 'assigned_to_person_id')::uuid
left join moss_contract.locations() as location on location.id = (compared.base ->> 'location_id')::uuid
left join moss_contract.rooms() as room on room.id = (compared.base ->> 'room_id')::uuid
where action <> 'update' or wanted <> moss or jsonb_strip_nulls(wanted) - 'device_type' <> base - 'device_type' or is_to_be_restored
