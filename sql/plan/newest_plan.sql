-- The newest plan of an integration; a what-if is none. Parameters: integration_id. Index: plans_newest.
select plan_id from jamf_sync.plans
where integration_id = %(integration_id)s and kind <> 'what_if'
order by plan_id desc
limit 1
