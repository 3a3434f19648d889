-- Writes the planned JAMF-owned fields of people; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
with asked as materialized (
  select object_id, after from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'person' and action <> 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
    and after ?| array[
      'email_address', 'phone_number', 'job_title'
    ]
),
written as (
  update public.people as stored
  set email_address = case when planned.after ? 'email_address'
        then jamf_sync.storable(planned.after ->> 'email_address') else stored.email_address end,
      phone_number = case when planned.after ? 'phone_number'
        then jamf_sync.storable(planned.after ->> 'phone_number') else stored.phone_number end,
      job_title = case when planned.after ? 'job_title'
        then jamf_sync.storable(planned.after ->> 'job_title') else stored.job_title end
  from asked as planned
  where (select moss_contract.open_public()) and stored.id = planned.object_id
  returning true
)
select moss_contract.require_written(
  'public.people', (select count(*) from asked) - (select count(*) from written))
