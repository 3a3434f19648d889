-- The changes of a plan to objects that M.O.S.S. has, those put together that are equal. Parameters:
-- plan_id, object_type, field, rule (each or null for all), row_limit, row_offset. Grain: one type of
-- object, field, pair of values, rule and outcome; the commonest first. Objects that are created are
-- left out: each of their fields is new. `total`: how many groups there are; `changes_in_all`: how
-- many changes they hold.
select object_type, field, owner, before, after, rule, outcome, count(*) as changes,
       (array_agg(coalesce(label, external_id) order by row_id))[1:3] as examples,
       count(*) over () as total, sum(count(*)) over ()::bigint as changes_in_all
from jamf_sync.change_plan_fields
where plan_id = %(plan_id)s and action not in ('create', 'agree')
  and (%(object_type)s::text is null or object_type = %(object_type)s)
  and (%(field)s::text is null or field = %(field)s)
  and (%(rule)s::text is null or rule = %(rule)s)
group by object_type, field, owner, before, after, rule, outcome
order by changes desc, object_type, field, before, after, outcome
limit %(row_limit)s offset %(row_offset)s
