-- The types of objects of which rows of a plan wait to be applied. Parameters: plan_id. Grain: one type.
-- Reads outcome_counts, as pending_rows does.
select distinct object_type from jamf_sync.outcome_counts
where plan_id = %(plan_id)s and outcome is null
