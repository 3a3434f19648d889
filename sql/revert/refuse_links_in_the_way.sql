-- Refuses what a revert cannot give back because another link is in its way: a link whose former JAMF record is another's and stays
-- so, and with it the fields of its object, for an identity goes back whole or not at all. Links that change places (a circle, a
-- chain) are in nobody's way while all of them go back; one that cannot, or that changed since, keeps those that need its
-- record. A device that was left behind gets its record back if it is free; its status goes back in any case.
-- Parameters: integration_id, plan_id. Run when a revert is planned, and again before each type of its objects is written.
with recursive wanted as materialized (
  select change.row_id, change.object_id, change.label as object_type, mapping.id as mapping_id,
         coalesce(change.after ->> 'external_type', change.external_type) as external_type,
         change.after ->> 'external_id' as external_id, change.after ? 'sync_status' as is_optional,
         coalesce(mapping.internal_id = change.object_id and mapping.external_id = change.before ->> 'external_id'
           and mapping.sync_status is not distinct from change.before ->> 'sync_status', false) as is_as_planned
  from jamf_sync.change_plan as change
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.id = (change.details ->> 'mapping_id')::uuid
  where change.plan_id = %(plan_id)s and change.object_type = 'mapping' and change.action = 'relink'
    and change.outcome is null and change.after ? 'external_id'
),
going as (
  -- Links that will not be where they are: they get another record, or go with their object or by themselves.
  select mapping_id, row_id from wanted where is_as_planned
  union all
  select mapping.id, null
  from jamf_sync.change_plan as change
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s
   and mapping.internal_type = case change.object_type when 'mapping' then change.label else change.object_type end
   and mapping.internal_id = change.object_id
  where change.plan_id = %(plan_id)s and change.outcome is null
    and (change.action = 'delete' or change.object_type = 'mapping' and change.action = 'unlink')
),
in_the_way as materialized (
  select wanted.row_id, occupant.internal_type, occupant.internal_id, going.row_id as going_row_id,
         going.mapping_id is null as stays
  from wanted
  join moss_contract.integration_object_mappings() as occupant
    on occupant.integration_config_id = %(integration_id)s and occupant.external_type = wanted.external_type
   and occupant.external_id = wanted.external_id and occupant.id <> wanted.mapping_id
  left join going on going.mapping_id = occupant.id
),
blocked (row_id) as (
  select row_id from wanted where not is_as_planned
  union
  select row_id from in_the_way where stays
  union
  select in_the_way.row_id from in_the_way join blocked on blocked.row_id = in_the_way.going_row_id
),
explained as materialized (
  select wanted.row_id, wanted.object_type, wanted.object_id, wanted.is_optional and wanted.is_as_planned as keeps_its_id,
    case when not wanted.is_as_planned then 'The link changed since the plan was made.'
         else format('JAMF''s %%s %%s, to which it was linked before, is linked to %%s by now.',
                     replace(wanted.external_type, '_', ' '), wanted.external_id, coalesce(
           nullif(concat_ws(' ', jamf_sync.unescaped(device.hostname), '(' || jamf_sync.unescaped(device.serial_number) || ')'), ''),
           nullif(concat_ws(' ', jamf_sync.unescaped(person.full_name), '(' || jamf_sync.unescaped(person.email_address) || ')'), ''),
           'another object'))
         end as why
  from blocked
  join wanted using (row_id)
  left join in_the_way on in_the_way.row_id = blocked.row_id
  left join moss_contract.devices() as device
    on in_the_way.internal_type = 'device' and device.id = in_the_way.internal_id
  left join moss_contract.people() as person
    on in_the_way.internal_type = 'person' and person.id = in_the_way.internal_id
),
staying as (
  -- Objects whose link stays, as was planned or as is found now.
  select object_type, object_id, why from explained where not keeps_its_id
  union all
  select label, object_id, outcome_detail from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'mapping' and action = 'relink' and outcome = 'refused'
    and after ? 'external_id'
),
refused as (
  select row_id, keeps_its_id, why from explained
  union all
  select change.row_id, false, 'Not undone, because its link could not be: ' || staying.why
  from staying
  join jamf_sync.change_plan as change
    on change.plan_id = %(plan_id)s and change.object_type = staying.object_type
   and change.object_id = staying.object_id and change.action = 'update' and change.outcome is null
)
update jamf_sync.change_plan as change
set outcome = case when refused.keeps_its_id then change.outcome else 'refused' end,
    outcome_detail = case when refused.keeps_its_id then change.outcome_detail else refused.why end,
    after = case when refused.keeps_its_id then change.after - 'external_id' else change.after end
from refused
where change.row_id = refused.row_id
