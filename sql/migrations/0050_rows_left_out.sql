-- A trigger or a policy of M.O.S.S. can leave a row out without raising an error. The functions of the contract, which `init` makes
-- anew with this, and the statements that apply a plan count what was written since: such a row has failed. What was announced and is
-- not there has been left out if its row still waits; of which plan that is, the announcement says.
alter table jamf_sync.creations_under_way add column plan_id bigint;
comment on column jamf_sync.change_plan.outcome is
  'Empty while it waits; then applied, refused (M.O.S.S. moved), failed (the database rejected it, or left it out without an '
  'error), held (by the guard) or locked (another session held what it needs).';
