-- Which groups somebody may mean, by M.O.S.S. id, JAMF id or name, with JAMF's prefix or without.
-- Parameters: integration_id, sought (the text; null: an id is meant), object_id, jamf_id (each or
-- null). Grain: one group, or one JAMF group that is none. Only the best way of finding any counts
-- (`found_by`): an id that was named as one; the exact name; the name behind the prefix; a JAMF id.
with wanted as (
  select jamf_sync.match_key(%(sought)s::text) as name,
         jamf_sync.match_key('[JAMF] ' || %(sought)s::text) as prefixed
),
named as (
  select moss_group.id as group_id, null::text as jamf_id,
         case when moss_group.id = %(object_id)s::uuid then 1
              when jamf_sync.match_key(moss_group.name) = wanted.name then 2 else 3 end as place
  from moss_contract.groups() as moss_group
  cross join wanted
  where moss_group.id = %(object_id)s::uuid
    or jamf_sync.match_key(moss_group.name) in (wanted.name, wanted.prefixed)
  union all
  select match.group_id, match.jamf_id,
         case when match.jamf_id = %(jamf_id)s and %(sought)s::text is null then 1
              when jamf_sync.match_key(match.name) = wanted.name then 2
              when jamf_sync.match_key(match.name) = wanted.prefixed then 3 else 4 end
  from jamf_sync.group_matches as match
  cross join wanted
  where match.integration_id = %(integration_id)s
    and (match.jamf_id = %(jamf_id)s
      or jamf_sync.match_key(match.name) in (wanted.name, wanted.prefixed))
  union all
  select mapping.internal_id, mapping.external_id,
         case when %(sought)s::text is null then 1 else 4 end
  from moss_contract.integration_object_mappings() as mapping
  where mapping.integration_config_id = %(integration_id)s
    and mapping.external_type = 'computer_group' and mapping.external_id = %(jamf_id)s
),
found as (
  select named.place, named.group_id,
         coalesce(named.jamf_id, match.jamf_id, mapping.external_id) as jamf_id
  from named
  left join jamf_sync.group_matches as match
    on match.integration_id = %(integration_id)s and match.group_id = named.group_id
   and match.outcome in ('mapped', 'matched')
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'group'
   and mapping.internal_id = named.group_id and mapping.external_id not like '%% (former link %%'
),
best as (
  select distinct on (coalesce(found.group_id::text, found.jamf_id)) found.place, found.group_id,
         found.jamf_id
  from found
  where found.place = (select min(place) from found)
  order by coalesce(found.group_id::text, found.jamf_id), found.jamf_id is null
)
select best.place as found_by, best.group_id as object_id, 'computer_group' as external_type,
       best.jamf_id as external_id, false as is_personally_owned,
       moss_group.id is not null as is_in_moss,
       jamf_sync.unescaped(coalesce(moss_group.name, match.name)) as name, best.jamf_id as key
from best
left join moss_contract.groups() as moss_group on moss_group.id = best.group_id
left join jamf_sync.group_matches as match
  on match.integration_id = %(integration_id)s and match.jamf_id = best.jamf_id
order by name, key
