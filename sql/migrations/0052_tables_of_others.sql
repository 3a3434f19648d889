-- A function of the contract counted what refers to an object in every table with a foreign key or a column object_id, also in those of
-- strangers: to plan such a count, PostgreSQL runs immutable functions that stand in their indexes, with the rights of the contract's
-- owner. `init` makes it anew with this: it does not look into them.
comment on schema jamf_sync is
  'What the sync of JAMF Pro keeps: captures, matches, plans, decisions, the ledger. docs/security.md says who may write what.';
