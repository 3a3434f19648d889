-- A plan's row is written twice: when it is planned, and when it is known what became of it. The second time it stays in its page
-- (HOT) if the page has room and no index asks for the outcome; else three indexes are written again for every row.

drop index jamf_sync.change_plan_history;
create index change_plan_history on jamf_sync.change_plan (object_type, object_id);
alter table jamf_sync.change_plan set (fillfactor = 50);

-- So is a match: when what it plans to create is created.
alter table jamf_sync.location_matches set (fillfactor = 50);
alter table jamf_sync.room_matches set (fillfactor = 50);
alter table jamf_sync.person_matches set (fillfactor = 50);
alter table jamf_sync.device_matches set (fillfactor = 50);
alter table jamf_sync.group_matches set (fillfactor = 50);
