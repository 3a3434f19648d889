-- Makes way for the links of a span of rows, before link_objects makes them: a link is unique in both directions. Parameters:
-- integration_id, plan_id, object_type, first_row, last_row.
-- Where the JAMF record of a row is linked to another object by now, that link is pointed at the row's object, if its own was
-- deleted, the record is still what that one was (which the row says was lost), and the row's has none; else
-- it gives the record up: it stays as the link of an object that is gone from JAMF (or from M.O.S.S.), with what it last saw,
-- until another row of the plan gives it a record of its own. So links change places in one statement.
-- That a device is gone is a row of its own (plan_mappings): only a complete capture says so.
with objects as (
  select id from moss_contract.devices() where %(object_type)s = 'device'
  union all select id from moss_contract.people() where %(object_type)s = 'person'
  union all select id from moss_contract.groups() where %(object_type)s = 'group'
  union all select id from moss_contract.locations() where %(object_type)s = 'location'
),
in_the_way as materialized (
  select mapping.id, planned.object_id, former.id is not null as has_object,
         former.id is null and own.id is null
           and (mapping.internal_id::text = coalesce(
             planned.details ->> 'lost_object_id', planned.details -> 'evidence' ->> 'lost')) is true
           as is_repointed
  from jamf_sync.change_plan as planned
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.external_type = planned.external_type
   and mapping.external_id = planned.external_id and mapping.internal_id <> planned.object_id
  left join moss_contract.integration_object_mappings() as own
    on own.integration_config_id = %(integration_id)s and own.internal_type = planned.object_type
   and own.internal_id = planned.object_id
  left join objects as former on former.id = mapping.internal_id
  where planned.plan_id = %(plan_id)s and planned.object_type = %(object_type)s
    and planned.action in ('create', 'link', 'move', 'return') and planned.outcome is null
    and planned.row_id between %(first_row)s and %(last_row)s
)
update public.integration_object_mappings as mapping
set internal_id = case when is_repointed then in_the_way.object_id else mapping.internal_id end,
    external_id = case when is_repointed then mapping.external_id
                       else left(mapping.external_id, 200) || ' (former link ' || mapping.id || ')' end,
    sync_status = case when is_repointed or has_object and %(object_type)s = 'device' then mapping.sync_status
                       when has_object then 'deleted_external' else 'deleted_internal' end
from in_the_way
where mapping.id = in_the_way.id
