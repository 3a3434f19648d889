-- A report that is kept. Parameters: integration_id, report_id (or null: the newest). Grain: at most one.
select report_id, is_weekly, made_at, page
from jamf_sync.reports
where integration_id = %(integration_id)s
  and (%(report_id)s::bigint is null or report_id = %(report_id)s)
order by report_id desc
limit 1
