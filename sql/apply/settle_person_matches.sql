-- Of the people that are linked by now, the match says what the next matching would: known by their link. So what was created is
-- not written once more by the next sync, and a plan made again from these matches has nothing to create.
-- Parameters: integration_id, plan_id, first_row, last_row. To be run before the rows are marked.
update jamf_sync.person_matches as match
set outcome = 'mapped', matched_by = 'mapping', previous_external_type = null, previous_external_id = null,
    evidence = jsonb_build_object('agreed', to_jsonb(array_remove(array[
      -- The id of a user whom only computers name is the name: it is no evidence beside it.
      case when match.external_type = 'user' and match.username_key is not null then 'username' end,
      case when match.email is not null then 'email' end], null)), 'contradicted', '{}'::jsonb)
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'person' and planned.outcome is null
  and planned.action in ('create', 'link', 'move') and planned.row_id between %(first_row)s and %(last_row)s
  and match.integration_id = %(integration_id)s and match.external_type = planned.external_type and match.external_id = planned.external_id
  and match.person_id = planned.object_id
