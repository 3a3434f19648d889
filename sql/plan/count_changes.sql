-- How many objects a plan changes, of those that plan_rows pages through. Parameters: plan_id,
-- object_type (or null for all), guarded_kind (or null: only what is held as that).
-- Yields one row. Index: change_plan_rows.
select count(*) as objects
from jamf_sync.change_plan
where plan_id = %(plan_id)s and action <> 'agree'
  and (%(object_type)s::text is null or object_type = %(object_type)s)
  and (%(guarded_kind)s::text is null or held_as = %(guarded_kind)s)
