-- Notes that people were told. Parameters: alert_id, channel, now, is_end. Writes alert_deliveries.
update jamf_sync.alert_deliveries
set claimed_at = null,
    told_at = case when %(is_end)s then told_at else %(now)s end,
    times_told = times_told + case when %(is_end)s then 0 else 1 end,
    end_told_at = case when %(is_end)s then %(now)s::timestamptz end
where alert_id = %(alert_id)s and channel = %(channel)s
