-- judged_people: whether the link of each source by its JAMF id holds. Grain: one row per source that
-- has a link. Parameters: integration_id, username_domains. Reads person_sources. The rules are those of
-- person_matches.
with links as materialized (
  select source.external_type, source.external_id, link.person_id, link.person_exists,
    link.seen_username, link.seen_email, link.was_gone,
    -- Null: it cannot be compared.
    case when link.seen_username = source.username then true
         else jamf_sync.local_part(jamf_sync.match_key(
                jamf_sync.plain_username(link.seen_username, %(username_domains)s)))
              = jamf_sync.local_part(source.username_key) end as username_agrees,
    case when link.seen_email = source.email then true
         else jamf_sync.match_key(link.seen_email) = source.address_key end as email_agrees,
    case when link.seen_username = source.username then null
         else jamf_sync.match_key(link.seen_name) = jamf_sync.match_key(source.full_name)
         end as name_agrees
  from person_sources as source
  join (
    select mapping.external_type, mapping.external_id, mapping.internal_id as person_id,
           person.id is not null as person_exists,
           mapping.sync_status = 'deleted_external' is true as was_gone,
           case mapping.external_type when 'user' then mapping.external_data ->> 'username'
             end as seen_username,
           case mapping.external_type when 'user' then mapping.external_data ->> 'email'
             else coalesce(base.values ->> 'email_address', person.email_address) end as seen_email,
           case mapping.external_type when 'user' then mapping.external_data ->> 'realname'
             end as seen_name
    from moss_contract.integration_object_mappings() as mapping
    left join moss_contract.people() as person on person.id = mapping.internal_id
    -- The id of a user whom only computers name is the name: what else was known of the user is in the base.
    left join jamf_sync.applied_values as base
      on mapping.external_type = 'computer_user' and base.integration_id = %(integration_id)s
     and base.object_type = 'person' and base.object_id = mapping.internal_id
    where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'person'
  ) as link
    on link.external_type = source.external_type and link.external_id = source.external_id
),
renamed as materialized (
  -- Users whose name and address both changed, and whose full name, which nobody else has, did not: an organisation took
  -- another name, or its rule for names changed. Not if the new name or address is another person's.
  select link.external_type, link.external_id
  from links as link
  join person_sources as source using (external_type, external_id)
  where link.external_type = 'user' and not link.username_agrees and not link.email_agrees
    and link.name_agrees and not source.is_shared
    and not exists (
      select from person_sources as namesake
      where jamf_sync.match_key(namesake.full_name) = jamf_sync.match_key(source.full_name)
        and namesake.place <> source.place and namesake.external_type = 'user')
    and not exists (
      select from moss_contract.people() as person
      where jamf_sync.match_key(person.email_address) = source.address_key
        and person.id <> link.person_id)
    and not exists (
      select from moss_contract.people() as person
      where jamf_sync.match_key(jamf_sync.plain_username(person.username, %(username_domains)s))
            = source.username_key
        and person.id <> link.person_id)
),
agreeing as materialized (
  select links.*,
    case
      when renamed.external_id is not null and not was_gone then true
      when external_type = 'computer_user' or was_gone and not email_agrees
        then coalesce(email_agrees, true)
      when username_agrees or email_agrees then true
      when username_agrees is null and email_agrees is null then true
      when username_agrees is not null and email_agrees is not null then false
      else coalesce(name_agrees, false) end as agrees
  from links
  left join renamed using (external_type, external_id)
)
insert into judged_people
  (external_type, external_id, person_id, person_exists, seen_username, seen_email, username_agrees,
   email_agrees, name_agrees, holds, lost_id)
select external_type, external_id, person_id, person_exists, seen_username, seen_email,
       username_agrees, email_agrees, name_agrees, person_exists and agrees as holds,
       case when agrees and not person_exists then person_id end as lost_id
from agreeing
