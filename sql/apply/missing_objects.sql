-- Objects a plan says it created that are not in M.O.S.S., or not linked. Parameters: plan_id, integration_id.
with created as (
  select object_type, object_id, external_type from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action = 'create' and outcome = 'applied'
),
checked as (
  select created.*,
    case object_type
      when 'location' then exists (select from moss_contract.locations() as object where object.id = created.object_id)
      when 'room' then exists (select from moss_contract.rooms() as object where object.id = created.object_id)
      when 'person' then exists (select from moss_contract.people() as object where object.id = created.object_id)
      when 'device' then exists (select from moss_contract.devices() as object where object.id = created.object_id)
      when 'io' then exists (select from moss_contract.ios() as object where object.id = created.object_id)
      when 'group' then exists (select from moss_contract.groups() as object where object.id = created.object_id)
    end as is_there,
    object_type in ('room', 'io') or exists (
      select from moss_contract.integration_object_mappings() as mapping
      where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = created.object_type
        and mapping.internal_id = created.object_id) as is_linked
  from created
)
select count(*) filter (where not is_there) as missing, count(*) filter (where is_there and not is_linked) as unlinked
from checked
