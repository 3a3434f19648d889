-- Counts the objects in conflict of which a plan writes nothing. Parameters: plan_id. Reads plan_conflicts, change_plan; writes
-- plan_counts. Run once everything is planned: neither what is found nor what is planned of an object changes after that.
-- Conflicts are few beside the rows of a plan: each is looked up by its object (index change_plan_history), which the LIMIT sees to.
update jamf_sync.plan_counts as counts
set in_conflict = found.objects
from (
  select conflict.object_type,
         count(distinct coalesce(conflict.object_id::text,
                                 conflict.external_type || '/' || conflict.external_id)) as objects
  from jamf_sync.plan_conflicts as conflict
  left join lateral (
    select change.row_id from jamf_sync.change_plan as change
    where change.plan_id = %(plan_id)s and change.object_type = conflict.object_type
      and change.object_id = conflict.object_id
      and change.action in ('create', 'update', 'link', 'move', 'return')
    limit 1
  ) as written on true
  where conflict.plan_id = %(plan_id)s
    -- These are counted as skipped, or tell of an object that JAMF has no record of.
    and conflict.kind not in (
      'twin_record', 'shared_serial', 'serial_in_both_inventories', 'group_grants_rights', 'id_reused', 'hardware_replaced')
    and written.row_id is null
  group by conflict.object_type
) as found
where counts.plan_id = %(plan_id)s and counts.object_type = found.object_type
