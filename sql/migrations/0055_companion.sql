-- What the companion keeps (docs/companion.md): the hash of its own administrator token, and which run a request started.
-- Neither role of the pipeline reads or writes these: they are the log-in's that serves the companion.
create table jamf_sync.administrator_tokens (
  is_the_only_one boolean primary key default true check (is_the_only_one),
  token_hash bytea not null check (octet_length(token_hash) = 32),
  made_by text not null,
  made_at timestamptz not null default now()
);
comment on table jamf_sync.administrator_tokens is
  'SHA-256 of the token by which administrators reach a companion that knows no log-ins of M.O.S.S.; one at most.';

create table jamf_sync.requested_runs (
  integration_id uuid not null,
  idempotency_key text not null check (length(idempotency_key) between 1 and 200),
  request_id uuid not null,
  scope text not null,
  requested_by text not null,
  requested_at timestamptz not null default now(),
  primary key (integration_id, idempotency_key)
);
create index requested_runs_by_time on jamf_sync.requested_runs (requested_at);
comment on table jamf_sync.requested_runs is
  'Requests with an Idempotency-Key that started a run, which carries the request''s id as a tag: none is started twice.';
