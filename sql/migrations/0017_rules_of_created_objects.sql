-- An object that is created is compared with nothing: all its fields are decided by the same few words. Its row says them once,
-- the rule under * for every field that has none of its own, instead of once per field; earlier rows stay as they are.

create function jamf_sync.rule_of(rules jsonb, field text) returns text
language sql immutable parallel safe as $$
  select coalesce(rules ->> field, rules ->> '*')
$$;
comment on column jamf_sync.change_plan.rules is
  'Field -> the rule that decided it; under * the rule of the fields that have none of their own. Read through rule_of.';

create or replace view jamf_sync.change_plan_fields as
  select change.plan_id, change.row_id, change.object_type, change.object_id, change.external_id,
         change.label, change.action, field.key as field, change.before ->> field.key as before,
         field.value as after, ownership.owner, jamf_sync.rule_of(change.rules, field.key) as rule,
         change.outcome
  from jamf_sync.change_plan as change
  join jamf_sync.plans as plan using (plan_id)
  cross join lateral jsonb_each_text(change.after) as field
  left join jamf_sync.field_ownership as ownership
    on ownership.integration_id = plan.integration_id and ownership.object_type = change.object_type
   and ownership.field = field.key;

-- Nobody looks for a document or a set of values by its content: sampling and sorting them is most of what ANALYZE would do.
alter table jamf_sync.raw_jamf_computers alter column document set statistics 0;
alter table jamf_sync.raw_jamf_users alter column document set statistics 0;
alter table jamf_sync.raw_jamf_groups alter column document set statistics 0;
alter table jamf_sync.raw_jamf_buildings alter column document set statistics 0;
alter table jamf_sync.raw_jamf_departments alter column document set statistics 0;
alter table jamf_sync.raw_jamf alter column document set statistics 0;
alter table jamf_sync.applied_values alter column values set statistics 0;
alter table jamf_sync.change_plan
  alter column before set statistics 0,
  alter column after set statistics 0,
  alter column rules set statistics 0,
  alter column agreed set statistics 0,
  alter column details set statistics 0;
