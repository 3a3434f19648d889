-- An applied plan of which held rows were released is applied further. Parameters: plan_id.
update jamf_sync.plans set status = 'applying'
where plan_id = %(plan_id)s and status = 'applied'
  and exists (select from jamf_sync.change_plan where plan_id = %(plan_id)s and outcome is null)
