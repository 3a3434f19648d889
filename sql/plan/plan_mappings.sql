-- Plans what happens to links: objects gone from JAMF (unenroll), gone from M.O.S.S. (delete_internal), and new documents to keep.
-- Parameters: integration_id, plan_id, external_type, internal_type, collection, capture_id, is_complete (of that capture).
-- Absence counts only when proven: without a complete capture nothing is called gone, nor is what left the scope: its link stays as it
-- is, with the document it is known by. A link that is created, moved or brought
-- back is part of its object's own row, written in one transaction with it.
with planned as materialized (
  select object_id, external_id, object_type = %(internal_type)s and external_type = %(external_type)s as is_of_record
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s
    and (object_type = %(internal_type)s and action in ('create', 'link', 'move', 'return')
      or object_type = 'mapping' and action = 'unlink' and label = %(internal_type)s)
),
in_doubt as (
  -- Who is not what the link says, while nobody knows who it is: the link keeps what it last saw of the one it led to.
  select external_id from jamf_sync.person_matches
  where integration_id = %(integration_id)s and %(internal_type)s = 'person'
    and external_type = %(external_type)s and outcome in ('ambiguous', 'contradicted')
),
objects as (
  select id from moss_contract.devices() where %(internal_type)s = 'device'
  union all select id from moss_contract.people() where %(internal_type)s = 'person'
  union all select id from moss_contract.groups() where %(internal_type)s = 'group'
  union all select id from moss_contract.locations() where %(internal_type)s = 'location'
),
mappings as materialized (
  select mapping.id, mapping.external_id, mapping.internal_id, mapping.sync_status, mapping.external_data,
         raw.version_id, raw.document, object.id is not null as object_exists,
         -- Planned by its object, or, where another object takes a deleted one's place, by its JAMF record.
         planned_object.object_id is not null or planned_record.external_id is not null as is_planned,
         in_doubt.external_id is not null as is_in_doubt
  from moss_contract.integration_object_mappings() as mapping
  left join jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw on raw.jamf_id = mapping.external_id
  left join objects as object on object.id = mapping.internal_id
  left join in_doubt on in_doubt.external_id = mapping.external_id
  left join (
    select distinct object_id from planned where object_id is not null
  ) as planned_object on planned_object.object_id = mapping.internal_id
  left join (
    select distinct external_id from planned where is_of_record and external_id is not null
  ) as planned_record on planned_record.external_id = mapping.external_id
  where mapping.integration_config_id = %(integration_id)s
    and mapping.external_type = %(external_type)s and mapping.internal_type = %(internal_type)s
),
decided as (
  select mappings.*,
    case when is_planned then null
         when not object_exists then case when sync_status is distinct from 'deleted_internal' then 'delete_internal' end
         when version_id is null and %(is_complete)s then case when sync_status is distinct from 'deleted_external' then 'unenroll' end
         when version_id is not null and not is_in_doubt and not document ? 'outOfScope' and external_data is distinct from document then 'update' end as action
  from mappings
)
insert into jamf_sync.change_plan
  (plan_id, object_type, object_id, external_type, external_id, label, action, reason, before, details)
select %(plan_id)s, 'mapping', internal_id, %(external_type)s, external_id, %(internal_type)s, action,
  case action when 'delete_internal' then 'deleted_in_moss' when 'unenroll' then 'absent_from_jamf' else 'document_changed' end,
  jsonb_build_object('sync_status', sync_status),
  jsonb_strip_nulls(jsonb_build_object('mapping_id', id, 'version_id', version_id, 'collection', %(collection)s))
from decided
where action is not null
-- In JAMF's order, for people who look at the first of them.
order by jamf_sync.jamf_id_order(external_id), external_id
