-- Notes that causes are over: those of the kinds that were looked for and not found. Parameters: integration_id, kinds
-- (text[]), causes (jsonb, as of note_causes), seen_at. Writes alerts. A cause that was seen later than this look is
-- somebody else's newer one.
update jamf_sync.alerts as alert
set ended_at = %(seen_at)s
where alert.integration_id = %(integration_id)s and alert.ended_at is null
  and alert.kind = any (%(kinds)s) and alert.seen_at <= %(seen_at)s
  and not exists (
    select from jsonb_to_recordset(%(causes)s) as given (kind text, cause text)
    where given.kind = alert.kind and given.cause = alert.cause)
