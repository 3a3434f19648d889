-- Takes decisions back. Parameters: integration_id, conflict_ids, decided_by. Under the log-in role. A conflict is open again, unless
-- nothing is left to decide: the same one was opened anew meanwhile, for other values, or it is the pin of a revert. What was
-- carried out and is over is not taken back. Yields the conflicts taken back: conflict_id, status.
update jamf_sync.conflicts as decision
set status = case when is_over.value then 'closed' else 'open' end, closed_at = case when is_over.value then now() end,
    resolution = null, resolution_reason = null, resolved_by = null, resolved_at = null, carried_out_by_plan = null,
    reopened_by = %(decided_by)s, reopened_at = now()
from jamf_sync.conflicts as present
cross join lateral (
  select present.kind = 'reverted' or exists (
    select from jamf_sync.conflicts as other
    where other.integration_id = present.integration_id and other.status = 'open' and other.kind = present.kind
      and other.object_type = present.object_type and other.field is not distinct from present.field
      and coalesce(other.object_id::text, other.external_type || ':' || other.external_id)
          = coalesce(present.object_id::text, present.external_type || ':' || present.external_id)) as value
) as is_over
where decision.conflict_id = present.conflict_id and present.integration_id = %(integration_id)s
  and present.conflict_id = any (%(conflict_ids)s) and present.resolution is not null
  and (present.status = 'resolved' or present.carried_out_by_plan is null)
returning decision.conflict_id, decision.status
