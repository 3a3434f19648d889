-- The causes that are there, then those that ended last. Parameters: integration_id, row_limit. Reads alerts,
-- alert_deliveries. Grain: one cause; `told_by`: by which ways people were told, `told_at`: when last.
select alert.alert_id, alert.kind, alert.cause, alert.summary, alert.remedy, alert.page, alert.run_id,
       alert.opened_at, alert.seen_at, alert.ended_at,
       coalesce(max(delivery.times_told), 0) as times_told, max(delivery.told_at) as told_at,
       coalesce(array_agg(delivery.channel order by delivery.channel)
         filter (where delivery.told_at is not null), '{}') as told_by
from jamf_sync.alerts as alert
left join jamf_sync.alert_deliveries as delivery on delivery.alert_id = alert.alert_id
where alert.integration_id = %(integration_id)s
group by alert.alert_id
order by alert.ended_at desc nulls first, alert.alert_id desc
limit %(row_limit)s
