-- An integration that was made in the place of a deleted one takes over what is kept here with its first run, whatever that does;
-- its links are M.O.S.S.'s, and only a run that writes makes them again. Until then they are presumed (contract/successors).

alter table jamf_sync.known_integrations add column links_made_at timestamptz;
update jamf_sync.known_integrations set links_made_at = coalesce(succeeded_at, now())
where succeeded_by is not null;
comment on column jamf_sync.known_integrations.links_made_at is
  'When the links of its successor were made again in M.O.S.S.; until then they are presumed.';
