-- Holds all changes of a kind that are held as whole rows: links of objects that are gone
-- (unenroll), new objects (create), devices whose serial number changes (reserial), and all that
-- follows from links whose JAMF id belongs to another by now (relink: the object that gets the
-- record, the one that is left behind). Parameters: plan_id, guarded_kind, object_type (whose kind
-- it is). What says itself what it is guarded as is held as nothing else. Index: change_plan_rows.
update jamf_sync.change_plan
set outcome = 'held', held_as = %(guarded_kind)s
where plan_id = %(plan_id)s and outcome is null
  and case %(guarded_kind)s
        when 'relink' then details ->> 'guarded_as' = 'relink'
          and (object_type = %(object_type)s or object_type = 'mapping' and label = %(object_type)s)
        when 'reserial' then object_type = %(object_type)s and not details ? 'guarded_as'
          and jamf_sync.is_reserial(action, before, after)
        when 'unenroll' then object_type = 'mapping' and action = 'unenroll'
          and label = %(object_type)s
          and not details ? 'guarded_as'
        else object_type = %(object_type)s and action = 'create' and not details ? 'guarded_as' end
