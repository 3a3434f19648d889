-- Of the locations that are linked by now, the match says what the next matching would: known by their link. So what was created is
-- not written once more by the next sync, and a plan made again from these matches has nothing to create.
-- Parameters: integration_id, plan_id, first_row, last_row. To be run before the rows are marked.
update jamf_sync.location_matches as match
set outcome = 'mapped', matched_by = 'mapping', lost_id = null, previous_jamf_id = null, left_location_id = null,
    guarded_as = null, evidence = '{"agreed": ["name"], "contradicted": {}}'
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'location' and planned.outcome is null
  and planned.action in ('create', 'link', 'move') and planned.row_id between %(first_row)s and %(last_row)s
  and match.integration_id = %(integration_id)s and match.jamf_id = planned.external_id
  and match.location_id = planned.object_id
