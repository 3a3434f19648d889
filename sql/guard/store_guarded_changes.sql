-- Keeps what the guard counted, in place of what it counted before. Parameters: plan_id, guarded_changes (jsonb array of kind, object_type,
-- planned, linked, allowed, is_over).
with counted as materialized (
  select * from jsonb_to_recordset(%(guarded_changes)s) as change (
    kind text, object_type text, planned integer, linked integer, allowed integer, is_over boolean)
),
removed as (
  delete from jamf_sync.plan_guard as stored
  where plan_id = %(plan_id)s
    and not exists (select from counted where counted.kind = stored.kind and counted.object_type = stored.object_type)
),
marked as (
  update jamf_sync.plans set guarded_at = now() where plan_id = %(plan_id)s
)
insert into jamf_sync.plan_guard as stored (plan_id, kind, object_type, planned, linked, allowed, is_over)
select %(plan_id)s, kind, object_type, planned, linked, allowed, is_over from counted
on conflict (plan_id, kind, object_type) do update
set planned = excluded.planned, linked = excluded.linked, allowed = excluded.allowed, is_over = excluded.is_over
