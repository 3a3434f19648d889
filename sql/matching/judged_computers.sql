-- judged_computers: each usable computer and mobile device with the verdict of each piece of evidence
-- on the link by its record: true agrees, false contradicts, null unknown. Grain: one row per usable
-- record. Parameters: integration_id, computers_capture, mobile_devices_capture.
-- Reads seen_links, what JAMF says of computers and mobile devices.
with newest_capture as (
  select max(captured_at) as captured_at from jamf_sync.captures
  where integration_id = %(integration_id)s and collection in ('computers', 'mobile_devices')
)
insert into judged_computers
  (jamf_id, record_type, version_id, serial_number, udid, management_id, is_managed, enrolled_at, building_id,
   room, username_key, email_key, last_contact_at, linked_device_id, device_exists, saw_serial,
   saw_udid, saw_management_id, serial_agrees, udid_agrees, management_id_agrees)
select computer.jamf_id, jamf_sync.device_record_type(computer.jamf_id) as record_type,
       computer.version_id, computer.serial_number,
       lower(computer.udid) as udid,
       lower(computer.management_id) as management_id, computer.is_managed, computer.enrolled_at,
       computer.building_id, computer.room,
       jamf_sync.match_key(computer.username) as username_key,
       jamf_sync.match_key(computer.email) as email_key,
       case when contact.last_contact_at <= newest_capture.captured_at + interval '1 day'
            then contact.last_contact_at end as last_contact_at,
       link.device_id as linked_device_id, link.device_exists,
       -- What agrees is not said twice.
       nullif(coalesce(link.saw_serial, link.moss_serial), computer.serial_number) as saw_serial,
       nullif(link.saw_udid, lower(computer.udid)) as saw_udid,
       nullif(link.saw_management_id, lower(computer.management_id)) as saw_management_id,
       jamf_sync.serial_agrees(link.saw_serial, link.moss_serial, computer.serial_number)
         as serial_agrees,
       link.saw_udid = lower(computer.udid) as udid_agrees,
       link.saw_management_id = lower(computer.management_id) as management_id_agrees
from jamf_sync.jamf_devices_at(
  %(integration_id)s, %(computers_capture)s, %(mobile_devices_capture)s) as computer
cross join newest_capture
left join jamf_sync.jamf_computer_contacts as contact
  on contact.integration_id = %(integration_id)s and contact.jamf_id = computer.jamf_id
left join seen_links as link on link.jamf_id = computer.jamf_id
where computer.is_usable
