-- Whether objects of a type are imported for the first time. Parameters: integration_id, object_type, tolerated.
-- True until a sync has carried out a plan of this type in full: made from whole captures, applied to its end, with no more left undone
-- (refused, failed, locked) than `tolerated`. So an import that was interrupted, or that M.O.S.S. rejected, is continued unguarded. Not
-- true if links exist that no plan on record has made: then the import is history, and only the record of it is gone.
select not exists (
    select from jamf_sync.plans as plan
    where plan.integration_id = %(integration_id)s and plan.kind = 'sync' and plan.status = 'applied'
      and %(object_type)s = any (plan.object_types)
      and not exists (
        select from jsonb_each_text(plan.captures) as used
        join jamf_sync.captures as capture on capture.capture_id = used.value::bigint
        where capture.status <> 'complete' and capture.captured_count > 0)
      and not exists (
        select from jamf_sync.outcome_counts as undone
        where undone.plan_id = plan.plan_id and undone.object_type = %(object_type)s and undone.action = 'create'
          and undone.outcome in ('refused', 'failed', 'locked')
        having sum(undone.rows) > %(tolerated)s))
  and (
    select count(*) from moss_contract.integration_object_mappings() as mapping
    where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = %(object_type)s
      and not exists (
        select from jamf_sync.change_plan as change
        where change.object_type = %(object_type)s and change.object_id = mapping.internal_id and change.outcome = 'applied')) <= %(tolerated)s
