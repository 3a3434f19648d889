-- Which integrations there were: their rows are M.O.S.S.'s, and one that somebody deletes takes its links with it. What is kept of
-- its objects here stays, and is taken over by the row that is made in its place (contract/successors). Of integrations that
-- synced before there was this table only the server is known, by their newest capture; their name is noted with the
-- next run.

create table jamf_sync.known_integrations (
  integration_id uuid primary key,
  name text,
  server text,
  seen_at timestamptz not null default now(),
  succeeded_by uuid,
  succeeded_at timestamptz
);
comment on table jamf_sync.known_integrations is
  'Every integration that has synced, also those whose row was deleted in M.O.S.S.';
comment on column jamf_sync.known_integrations.name is 'What its row was called last.';
comment on column jamf_sync.known_integrations.server is 'The address of its JAMF server, as it is compared.';
comment on column jamf_sync.known_integrations.succeeded_by is
  'The integration that was made in its place and took over what it knew.';

create function jamf_sync.server_key(address text) returns text
language sql immutable parallel safe as $$
  -- Host, port and path of an address, in small letters.
  select nullif(rtrim(regexp_replace(lower(btrim(address) collate "C"), '^https?://([^/@]*@)?', ''), '/'), '')
$$;

insert into jamf_sync.known_integrations (integration_id, server)
select distinct on (integration_id) integration_id, jamf_sync.server_key(server)
from jamf_sync.captures
order by integration_id, capture_id desc;
