-- A trial of a plan may not be able to try a row: another session holds what it needs. The word for what became of such a
-- row is the catalogue's (plan_outcomes); what a trial found has a list of its own.
alter table jamf_sync.plan_problems
  drop constraint plan_problems_problem_check,
  add constraint plan_problems_problem_check check (problem in ('refused', 'failed', 'locked', 'left_out'));
comment on column jamf_sync.change_plan.outcome is
  'Empty while it waits; then applied, refused (M.O.S.S. moved), failed (the database rejected it), held (by the guard) '
  'or locked (another session held what it needs).';
