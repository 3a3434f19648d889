-- A machine whose device was deleted in M.O.S.S. is known by what the link of that device last saw, under whatever id JAMF has
-- it by now. So which device a record has left, and which one of it is gone, are two things.

alter table jamf_sync.device_matches add column lost_id uuid;
update jamf_sync.device_matches
set lost_id = left_device_id, left_device_id = null, left_because = null
where left_because = 'deleted_in_moss';
alter table jamf_sync.device_matches
  drop constraint device_matches_left_because_check,
  add check (left_because in ('id_reused', 'hardware_replaced'));
comment on column jamf_sync.device_matches.lost_id is
  'The device that this machine was linked to, and that was deleted in M.O.S.S.';
comment on column jamf_sync.device_matches.left_because is
  'id_reused: all evidence contradicts; hardware_replaced: serial number and model changed.';
