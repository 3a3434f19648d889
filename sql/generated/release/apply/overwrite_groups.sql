-- Writes the planned JAMF-owned fields of groups; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
with asked as materialized (
  select object_id, after from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'group' and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
    and after ?| array[
      'name', 'group_type', 'external_id'
    ]
),
written as (
  update public.groups as stored
  set group_name = case when planned.after ? 'name'
        then jamf_sync.storable(planned.after ->> 'name') else stored.group_name end,
      group_type = case when planned.after ? 'group_type'
        then jamf_sync.storable(planned.after ->> 'group_type') else stored.group_type end,
      group_id_external = case when planned.after ? 'external_id'
        then jamf_sync.storable(planned.after ->> 'external_id') else stored.group_id_external end
  from asked as planned
  where (select moss_contract.open_public()) and stored.id = planned.object_id
  returning true
)
select moss_contract.require_written(
  'public.groups', (select count(*) from asked) - (select count(*) from written))
