-- A plan's row is written twice: when it is planned, and when it is known what became of it. The second time it stays in its page
-- (HOT) if the page has room and no index asks for the outcome; else three indexes are written again for every row.

drop index jamf_sync.change_plan_history;
create index change_plan_history on jamf_sync.change_plan (object_type, object_id);
alter table jamf_sync.change_plan set (fillfactor = 50);
