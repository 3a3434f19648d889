-- The reports that are kept, the newest first. Parameters: integration_id, row_limit, row_offset. Grain: one report.
select report_id, is_weekly, made_at, since, summary, count(*) over () as total
from jamf_sync.reports
where integration_id = %(integration_id)s
order by report_id desc
limit %(row_limit)s offset %(row_offset)s
