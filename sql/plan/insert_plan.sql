-- Opens a plan. Parameters: integration_id, run_id, object_types, captures, plan_kind (sync, revert or what_if), slot (of a what-if, or null).
-- Yields plan_id. Earlier plans of the integration that were not applied to their end are superseded, but for one that a live run
-- (history/hold_run.sql) made or chose: that run finishes it. A what-if supersedes nothing.
with superseded as (
  update jamf_sync.plans as plan set status = 'superseded'
  where plan.integration_id = %(integration_id)s and %(plan_kind)s <> 'what_if' and plan.status in ('planned', 'applying')
    and not exists (
      select from jamf_sync.sync_runs as run
      where run.finished_at is null and run.run_id <> %(run_id)s
        and (run.run_id = plan.run_id or run.run_id in (
          select choice.run_id from jamf_sync.run_plans as choice where choice.plan_id = plan.plan_id))
        and not pg_try_advisory_xact_lock(hashtextextended('moss_jamf run ' || run.run_id, 0)))
)
insert into jamf_sync.plans (integration_id, run_id, object_types, captures, kind, slot, status)
values (%(integration_id)s, %(run_id)s, %(object_types)s, %(captures)s, %(plan_kind)s, %(slot)s,
        case %(plan_kind)s when 'what_if' then 'what_if' else 'planned' end)
returning plan_id
