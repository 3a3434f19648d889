-- Makes way among the links that a revert gives back: a record belongs to one link at a time, and some change places. Parameters:
-- plan_id, first_row, last_row. Those whose record another row of the span wants give it up; relink gives each its own.
with wanted as materialized (
  select (change.details ->> 'mapping_id')::uuid as mapping_id,
         coalesce(change.after ->> 'external_type', change.external_type) as external_type, change.after ->> 'external_id' as external_id
  from jamf_sync.change_plan as change
  where change.plan_id = %(plan_id)s and change.object_type = 'mapping' and change.action = 'relink' and change.outcome is null
    and change.after ? 'external_id' and change.row_id between %(first_row)s and %(last_row)s
)
update public.integration_object_mappings as mapping
set external_id = left(mapping.external_id, 200) || ' (former link ' || mapping.id || ')'
from wanted as leaving, wanted as coming
where mapping.id = leaving.mapping_id and mapping.external_type = coming.external_type and mapping.external_id = coming.external_id
  and coming.mapping_id <> leaving.mapping_id
