-- Holds all changes of a kind that are rows of their own: links of objects that are gone (unenroll), or new objects (create).
-- Parameters: plan_id, guarded_kind, object_type (that is unenrolled or created). Index: change_plan_rows.
update jamf_sync.change_plan
set outcome = 'held', held_as = %(guarded_kind)s
where plan_id = %(plan_id)s and outcome is null
  and case %(guarded_kind)s
        when 'unenroll' then object_type = 'mapping' and action = 'unenroll' and label = %(object_type)s
        else object_type = %(object_type)s and action = 'create' end
