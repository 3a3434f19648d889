-- A third way in which a capture is read: some records by their ids, because webhooks named them. What it does not bring is as in the
-- newest capture before it, whose completeness it has; it covers no slot, and is no measure of how many records are usual.
alter table jamf_sync.captures
  drop constraint captures_sweep_check,
  add constraint captures_sweep_check check (sweep in ('full', 'incremental', 'targeted'));
comment on column jamf_sync.captures.sweep is
  'full: every object was read whole; incremental: all were listed, and only those that changed by their listing were read; targeted: '
  'some were read by their ids, and all others are as in the capture before.';

alter table jamf_sync.webhook_events add column was_found boolean;
comment on column jamf_sync.webhook_events.was_found is
  'Whether JAMF sent the record, as new as the event, to the run that looks; null: it has not looked yet.';
