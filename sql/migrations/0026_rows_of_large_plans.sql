-- The rows of a large plan, written and found for less. Keeps all data.
--
-- A foreign key asked for the plan at each of the hundred thousands of rows that one statement inserts for it. Rows go with
-- their plan as before: by a trigger that sees all plans of a deletion at once.
alter table jamf_sync.change_plan drop constraint change_plan_plan_id_fkey;

create function jamf_sync.delete_rows_of_plans() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from jamf_sync.change_plan as change using deleted_plans
  where change.plan_id = deleted_plans.plan_id;
  return null;
end $$;
revoke all on function jamf_sync.delete_rows_of_plans from public;

create trigger delete_rows_of_plans after delete on jamf_sync.plans
  referencing old table as deleted_plans
  for each statement execute function jamf_sync.delete_rows_of_plans();

-- Which rows wait is asked before each type of object is applied. Where most rows are applied already, that meant going
-- through all of them; the numbers that are kept beside them know where the waiting ones begin and end.
alter table jamf_sync.outcome_counts
  add column first_row bigint,
  add column last_row bigint;
comment on column jamf_sync.outcome_counts.first_row is 'The first of these rows, by row_id.';
comment on column jamf_sync.outcome_counts.last_row is 'The last of these rows, by row_id.';

update jamf_sync.outcome_counts as counts
set first_row = found.first_row, last_row = found.last_row
from (
  select plan_id, object_type, min(row_id) as first_row, max(row_id) as last_row
  from jamf_sync.change_plan
  where outcome is null
  group by plan_id, object_type
) as found
where counts.plan_id = found.plan_id and counts.object_type = found.object_type
  and counts.outcome is null;
update jamf_sync.outcome_counts set first_row = 0, last_row = 0 where first_row is null;
alter table jamf_sync.outcome_counts
  alter column first_row set not null,
  alter column last_row set not null;
