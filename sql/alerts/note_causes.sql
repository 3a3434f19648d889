-- Notes the causes that are there now: one that is open is seen again, with what it says now. Parameters: integration_id,
-- causes (jsonb: kind, cause, summary, remedy, page, run_id, hours), seen_at. Writes alerts. Grain: one cause.
insert into jamf_sync.alerts
  (integration_id, kind, cause, summary, remedy, page, run_id, told_again_after, opened_at, seen_at)
select %(integration_id)s, given.kind, given.cause, given.summary, given.remedy, given.page,
       given.run_id, make_interval(secs => given.hours * 3600), %(seen_at)s, %(seen_at)s
from jsonb_to_recordset(%(causes)s)
  as given (kind text, cause text, summary text, remedy text, page text, run_id text, hours float8)
on conflict (integration_id, kind, cause) where ended_at is null do update
set summary = excluded.summary, remedy = excluded.remedy, page = excluded.page,
    run_id = coalesce(excluded.run_id, alerts.run_id),
    told_again_after = excluded.told_again_after, seen_at = greatest(alerts.seen_at, excluded.seen_at)
