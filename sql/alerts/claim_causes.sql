-- Claims what people are to be told by one way: of causes that nobody was told of, or a while ago and they last. Parameters:
-- integration_id, channel, now, patience (interval: how long whoever claimed has to tell). Writes alert_deliveries. Of two
-- that ask at once one gets a cause. Grain: one cause; `times_told`: before this time.
with due as (
  select alert.alert_id
  from jamf_sync.alerts as alert
  left join jamf_sync.alert_deliveries as before
    on before.alert_id = alert.alert_id and before.channel = %(channel)s
  where alert.integration_id = %(integration_id)s and alert.ended_at is null
    and coalesce(before.told_at <= %(now)s - alert.told_again_after, true)
    and coalesce(before.claimed_at <= %(now)s - %(patience)s::interval, true)
),
claimed as (
  insert into jamf_sync.alert_deliveries as delivery (alert_id, channel, claimed_at)
  select alert_id, %(channel)s, %(now)s
  from due
  order by alert_id
  -- Whoever was quicker has claimed it, or told it, a moment ago.
  on conflict (alert_id, channel) do update set claimed_at = excluded.claimed_at
  where coalesce(delivery.claimed_at <= %(now)s - %(patience)s::interval, true)
    and coalesce(delivery.told_at <= %(now)s - %(patience)s::interval, true)
  returning delivery.alert_id, delivery.times_told
)
select alert.alert_id, alert.kind, alert.cause, alert.summary, alert.remedy, alert.page, alert.run_id,
       alert.opened_at, alert.seen_at, null::timestamptz as ended_at, claimed.times_told
from claimed
join jamf_sync.alerts as alert on alert.alert_id = claimed.alert_id
order by alert.alert_id
