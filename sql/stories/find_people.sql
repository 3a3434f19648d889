-- Which people somebody may mean, by M.O.S.S. id, JAMF id, e-mail address, user name or full name.
-- Parameters: integration_id, sought (the text; null: an id is meant), object_id, jamf_id (each or
-- null). Grain: one person, or one JAMF user who is none. Only the best way of finding any counts
-- (`found_by`): an id that was named as one; an e-mail address or user name, in M.O.S.S. or of
-- JAMF's; a full name; a JAMF id. Compared in any case. Looks once through people and matches.
with wanted as (
  select jamf_sync.match_key(%(sought)s::text) as name
),
named_people as (
  select person.id as person_id,
         case when person.id = %(object_id)s::uuid then 1
              when jamf_sync.match_key(person.full_name) is distinct from wanted.name then 2
              else 3 end as place
  from moss_contract.people() as person
  cross join wanted
  where person.id = %(object_id)s::uuid
    or jamf_sync.folded(jamf_sync.unescaped(person.email_address)) = wanted.name
    or jamf_sync.folded(jamf_sync.unescaped(person.username)) = wanted.name
    or jamf_sync.folded(jamf_sync.unescaped(person.full_name)) = wanted.name
),
named_users as (
  select match.external_type, match.external_id,
         case when match.external_id = %(jamf_id)s and %(sought)s::text is null then 1
              when wanted.name in (match.username_key, match.email_key) then 2
              when jamf_sync.folded(match.full_name) = wanted.name then 3 else 4 end as place
  from jamf_sync.person_matches as match
  cross join wanted
  where match.integration_id = %(integration_id)s
    and (match.external_type = 'user' and match.external_id = %(jamf_id)s
      or wanted.name in (match.username_key, match.email_key)
      or jamf_sync.folded(match.full_name) = wanted.name)
  union all
  select mapping.external_type, mapping.external_id,
         case when %(sought)s::text is null then 1 else 4 end
  from moss_contract.integration_object_mappings() as mapping
  where mapping.integration_config_id = %(integration_id)s
    and mapping.external_type = 'user' and mapping.external_id = %(jamf_id)s
),
found as (
  select named.place, named.person_id, source.external_type, source.external_id
  from named_people as named
  left join lateral (
    select external_type, external_id from (
      select match.external_type, match.external_id, 1 as place
      from jamf_sync.person_matches as match
      where match.integration_id = %(integration_id)s and match.person_id = named.person_id
        and match.outcome in ('mapped', 'moved', 'matched')
      union all
      select mapping.external_type, mapping.external_id, 2
      from moss_contract.integration_object_mappings() as mapping
      where mapping.integration_config_id = %(integration_id)s
        and mapping.internal_type = 'person' and mapping.internal_id = named.person_id
        and mapping.external_id not like '%% (former link %%'
    ) as sources
    order by place, external_type desc
    limit 1
  ) as source on true
  union all
  select named.place, coalesce(match.person_id, mapping.internal_id), named.external_type,
         named.external_id
  from named_users as named
  left join jamf_sync.person_matches as match
    on match.integration_id = %(integration_id)s and match.external_type = named.external_type
   and match.external_id = named.external_id
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s
   and mapping.external_type = named.external_type and mapping.external_id = named.external_id
   and match.external_id is null
),
best as (
  -- Of several JAMF users who are one person, the one that is linked stands for all.
  select distinct on (coalesce(found.person_id::text, found.external_type || found.external_id))
         found.place, found.person_id, found.external_type, found.external_id
  from found
  left join jamf_sync.person_matches as match
    on match.integration_id = %(integration_id)s and match.external_type = found.external_type
   and match.external_id = found.external_id
  where found.place = (select min(place) from found)
  order by coalesce(found.person_id::text, found.external_type || found.external_id),
           match.outcome in ('mapped', 'moved', 'matched') desc nulls last,
           found.external_type desc nulls last, found.external_id
)
select best.place as found_by, best.person_id as object_id, best.external_type, best.external_id,
       false as is_personally_owned, person.id is not null as is_in_moss,
       jamf_sync.unescaped(coalesce(person.full_name, match.full_name, match.username, match.email))
         as name,
       jamf_sync.unescaped(coalesce(person.email_address, person.username, match.email,
                                    match.username)) as key
from best
left join moss_contract.people() as person on person.id = best.person_id
left join jamf_sync.person_matches as match
  on match.integration_id = %(integration_id)s and match.external_type = best.external_type
 and match.external_id = best.external_id
order by name, key, best.external_id
