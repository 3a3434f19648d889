-- Takes back that somebody was told of what a plan holds: the webhook did not take it.
-- Parameters: plan_id, guarded_kinds (text[]).
delete from jamf_sync.held_alerts
where plan_id = %(plan_id)s and kind = any (%(guarded_kinds)s)
