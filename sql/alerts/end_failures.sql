-- Notes that failures are over: a later run of the same kind, or a full sync, ended better. Parameters: integration_id,
-- sync_types (text[]: what the history has), succeeded (jsonb: cause, at; runs that it does not have), seen_at. Reads
-- integration_sync_history. Writes alerts.
with succeeded as (
  select alert.alert_id
  from jamf_sync.alerts as alert
  join moss_contract.integration_sync_history() as history
    on history.integration_config_id = %(integration_id)s
   and history.status in ('success', 'partial') and history.sync_type in (alert.cause, 'full')
   and history.sync_completed_at > alert.opened_at
  where alert.integration_id = %(integration_id)s and alert.ended_at is null
    and alert.kind = 'run_failed' and alert.cause = any (%(sync_types)s)
  union
  select alert.alert_id
  from jamf_sync.alerts as alert
  join jsonb_to_recordset(%(succeeded)s) as run (cause text, at timestamptz)
    on run.cause = alert.cause and run.at > alert.opened_at
  where alert.integration_id = %(integration_id)s and alert.ended_at is null
    and alert.kind = 'run_failed'
)
update jamf_sync.alerts as alert
set ended_at = %(seen_at)s
from succeeded
where alert.alert_id = succeeded.alert_id
