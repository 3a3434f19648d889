-- What happened to one object is asked for by its id, whatever became of it: without these indexes that meant going through the
-- versions of the whole fleet, all memberships that were ever planned, and all conflicts that are over. Changes no data.

create index raw_jamf_closed_records on jamf_sync.raw_jamf (collection, integration_id, jamf_id)
  where valid_to_capture is not null;
create index change_plan_memberships on jamf_sync.change_plan (external_id) where object_type = 'group_member';
create index conflicts_of_object on jamf_sync.conflicts (object_id) where object_id is not null;
create index conflicts_of_record on jamf_sync.conflicts (external_id);

comment on column jamf_sync.change_plan.details is
  'What the action needs besides field values, e.g. the JAMF id a mapping moves from; approved_as: the kinds of change under which a person released it.';
