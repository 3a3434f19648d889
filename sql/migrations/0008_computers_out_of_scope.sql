-- Computers that M.O.S.S. leaves out of the sync (access scope): a row says so and nothing else, as with personally-owned ones.

alter table jamf_sync.jamf_computers_snapshot add column is_out_of_scope boolean not null default false;
comment on column jamf_sync.jamf_computers_snapshot.is_out_of_scope is
  'In JAMF, but not of the group that M.O.S.S. confines the sync to: nothing else of the computer is kept.';
