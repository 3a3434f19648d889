-- Brings the integration's ownership table in step with the declared one. Parameters: integration_id, rules (jsonb array).
with declared as materialized (
  select * from jsonb_to_recordset(%(rules)s) as rule (
    object_type text, field text, owner text, on_create text, on_update text, on_null text, records_conflict boolean, why text)
),
removed as (
  delete from jamf_sync.field_ownership as stored
  where integration_id = %(integration_id)s
    and not exists (select from declared where declared.object_type = stored.object_type and declared.field = stored.field)
)
insert into jamf_sync.field_ownership as stored
  (integration_id, object_type, field, owner, on_create, on_update, on_null, records_conflict, why)
select %(integration_id)s, object_type, field, owner, on_create, on_update, on_null, records_conflict, why from declared
on conflict (integration_id, object_type, field) do update
set owner = excluded.owner, on_create = excluded.on_create, on_update = excluded.on_update, on_null = excluded.on_null,
    records_conflict = excluded.records_conflict, why = excluded.why
where stored is distinct from excluded
