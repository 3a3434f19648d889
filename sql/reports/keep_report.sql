-- Keeps a report, and yields its number. Parameters: integration_id, is_weekly, made_at, since, run_id, summary, page. Writes
-- reports.
insert into jamf_sync.reports (integration_id, is_weekly, made_at, since, run_id, summary, page)
values (%(integration_id)s, %(is_weekly)s, %(made_at)s, %(since)s, %(run_id)s, %(summary)s, %(page)s)
returning report_id
