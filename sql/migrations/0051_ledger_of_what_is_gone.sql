-- Entries of the ledger do not stay for ever any more: with retention go those of objects that M.O.S.S. has no longer and no plan names.
-- `init` makes the function of the contract that does so.
comment on table jamf_sync.created_objects is
  'Ledger: the objects of M.O.S.S. that the sync created. Written by moss_contract.note_creations and note_writing; forget_ledger '
  'takes out what is gone from M.O.S.S. and from the plans.';
