-- Claims of which causes people are to be told by one way that they are over: those that they were told of. Parameters:
-- integration_id, channel, now, patience (interval). Writes alert_deliveries. Grain: one cause.
update jamf_sync.alert_deliveries as delivery
set claimed_at = %(now)s
from jamf_sync.alerts as alert
where alert.alert_id = delivery.alert_id and alert.integration_id = %(integration_id)s
  and delivery.channel = %(channel)s and alert.ended_at is not null
  and delivery.told_at is not null and delivery.end_told_at is null
  and (delivery.claimed_at is null or delivery.claimed_at <= %(now)s - %(patience)s::interval)
returning alert.alert_id, alert.kind, alert.cause, alert.summary, alert.remedy, alert.page, alert.run_id,
          alert.opened_at, alert.seen_at, alert.ended_at, delivery.times_told
