-- How a capture was read: every object whole, or, between two of these, only what a listing showed to be new or changed.
-- Captures made before were full sweeps, of a form of documents that nobody noted: the next one is a full sweep too.

alter table jamf_sync.captures
  add column sweep text not null default 'full' check (sweep in ('full', 'incremental')),
  add column fetched_count integer,
  add column document_shape text;
comment on column jamf_sync.captures.sweep is
  'full: every object was read whole; incremental: all were listed, and only those that changed by their listing were read.';
comment on column jamf_sync.captures.captured_count is
  'Usable objects that JAMF has: read, or, in an incremental capture, listed.';
comment on column jamf_sync.captures.fetched_count is 'Objects that were read whole; null for collections that have no other way.';
comment on column jamf_sync.captures.document_shape is
  'A fingerprint of the allow-list by which documents were made; another one means another form of the same object.';
create index captures_newest_full_sweep on jamf_sync.captures (integration_id, collection, capture_id desc)
  where status = 'complete' and sweep = 'full';
