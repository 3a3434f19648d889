-- ranked_computers: what each usable computer or mobile device is to its link, and which of several
-- that carry one serial number wins. Grain: one row per usable record. Parameters: integration_id.
-- Reads judged_computers. The rules are those of device_matches. A computer and a mobile device of one
-- serial number are never twins: of the two the one that holds a link goes on, or else the computer; the
-- other one yields (other_record).
with replaced as materialized (
  -- Another machine under a UDID or management id that stayed. A model that JAMF learnt later was
  -- its identifier.
  select computer.jamf_id, saw.model as saw_model, says.model
  from judged_computers as computer
  join jamf_sync.jamf_computers_snapshot as snapshot on snapshot.version_id = computer.version_id
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s
   and mapping.external_type = computer.record_type
   and mapping.internal_type = 'device' and mapping.external_id = computer.jamf_id
  cross join lateral (
    select jamf_sync.match_key(mapping.external_data -> 'hardware' ->> 'model') as model_key,
           jamf_sync.match_key(mapping.external_data -> 'hardware' ->> 'modelIdentifier')
             as identifier_key,
           mapping.external_data -> 'hardware' ->> 'model' as model
  ) as saw
  cross join lateral (
    select jamf_sync.match_key(snapshot.described ->> 'model') as model_key,
           jamf_sync.match_key(snapshot.described ->> 'model_identifier') as identifier_key,
           snapshot.described ->> 'model' as model
  ) as says
  where not computer.serial_agrees and (computer.udid_agrees or computer.management_id_agrees)
    and saw.model_key <> says.model_key
    and (saw.model_key = says.identifier_key) is not true
    and (saw.identifier_key = says.model_key) is not true
),
standing as (
  -- What the record is to its link: none (there is no link), holds, replaced, reused, or deleted
  -- (M.O.S.S. has not the device).
  select computer.*, replaced.saw_model, replaced.model,
    case when computer.linked_device_id is null then 'none'
         when replaced.jamf_id is not null then 'replaced'
         when not coalesce(computer.serial_agrees, false)
           and not coalesce(computer.udid_agrees, false)
           and not coalesce(computer.management_id_agrees, false)
           and coalesce(computer.serial_agrees, computer.udid_agrees, computer.management_id_agrees)
               is not null then 'reused'
         when computer.device_exists then 'holds'
         else 'deleted' end as standing
  from judged_computers as computer
  left join replaced on replaced.jamf_id = computer.jamf_id
),
contenders as materialized (
  select standing.jamf_id, standing.record_type, standing.serial_number, standing.udid,
         standing.is_managed, standing.enrolled_at, standing.last_contact_at, standing.standing = 'holds' as is_incumbent
  from standing
  join (
    select serial_number from judged_computers group by serial_number having count(*) > 1
  ) as repeated on repeated.serial_number = standing.serial_number
),
living_pairs as materialized (
  select one.jamf_id, other.jamf_id as other_jamf_id
  from contenders as one
  join contenders as other
    on other.serial_number = one.serial_number and other.record_type = one.record_type
   and other.udid <> one.udid
  where one.is_managed and other.is_managed
    and one.last_contact_at between other.last_contact_at - interval '30 days'
                                and other.last_contact_at + interval '30 days'
),
incumbents as (
  select distinct on (serial_number, record_type) * from contenders
  where is_incumbent
  order by serial_number, record_type, last_contact_at desc nulls last, jamf_sync.jamf_id_order(jamf_id) desc,
    jamf_id desc
),
displaced as (
  select incumbent.serial_number, incumbent.record_type
  from incumbents as incumbent
  join contenders as challenger
    on challenger.serial_number = incumbent.serial_number
   and challenger.record_type = incumbent.record_type and challenger.is_managed
   and not challenger.is_incumbent
  left join living_pairs as pair
    on pair.jamf_id = incumbent.jamf_id and pair.other_jamf_id = challenger.jamf_id
  where pair.jamf_id is null
    and (challenger.enrolled_at > incumbent.last_contact_at
         or challenger.last_contact_at > incumbent.last_contact_at + interval '1 day'
         or incumbent.last_contact_at is null and challenger.last_contact_at is not null)
  group by incumbent.serial_number, incumbent.record_type
),
contended as (
  select contender.jamf_id,
    first_value(contender.jamf_id) over (
      partition by contender.serial_number, contender.record_type
      order by coalesce(contender.is_managed, false) desc,
               contender.is_incumbent and displaced.serial_number is null desc,
               contender.last_contact_at desc nulls last,
               jamf_sync.jamf_id_order(contender.jamf_id) desc, contender.jamf_id desc
    ) as winner
  from contenders as contender
  left join displaced
    on displaced.serial_number = contender.serial_number
   and displaced.record_type = contender.record_type
),
yielding as (
  select one.jamf_id, min(other.jamf_id) as other_record
  from contenders as one
  join contenders as other
    on other.serial_number = one.serial_number and other.record_type <> one.record_type
  where not one.is_incumbent and (other.is_incumbent or other.record_type = 'computer')
  group by one.jamf_id
)
insert into ranked_computers
  (jamf_id, record_type, version_id, serial_number, udid, management_id, building_id, room, username_key,
   email_key, linked_device_id, device_exists, saw_serial, saw_udid, saw_management_id, saw_model,
   model, serial_agrees, udid_agrees, management_id_agrees, standing, winner, other_record,
   is_alive_beside_winner, is_seeking, is_holding)
select standing.jamf_id, standing.record_type, standing.version_id, standing.serial_number,
       standing.udid, standing.management_id, standing.building_id, standing.room, standing.username_key,
       standing.email_key, standing.linked_device_id, standing.device_exists,
       standing.saw_serial, standing.saw_udid, standing.saw_management_id, standing.saw_model,
       standing.model, standing.serial_agrees, standing.udid_agrees,
       standing.management_id_agrees, standing.standing,
       coalesce(contended.winner, standing.jamf_id) as winner,
       yielding.other_record,
       pair.jamf_id is not null as is_alive_beside_winner,
       coalesce(contended.winner, standing.jamf_id) = standing.jamf_id
         and standing.standing <> 'holds' and yielding.jamf_id is null as is_seeking,
       coalesce(contended.winner, standing.jamf_id) = standing.jamf_id
         and standing.standing = 'holds' as is_holding
from standing
left join contended on contended.jamf_id = standing.jamf_id
left join yielding on yielding.jamf_id = standing.jamf_id
left join living_pairs as pair
  on pair.jamf_id = contended.jamf_id and pair.other_jamf_id = contended.winner
