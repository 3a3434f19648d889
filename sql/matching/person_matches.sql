-- person_matches: which M.O.S.S. person each JAMF user is, and each user whom only a computer names.
-- Grain: one row per person source. Parameters: integration_id, users_capture, computers_capture, users_are_synced.
-- Order: mapping, e-mail, user name (case-folded, exact; never fuzzy). Two hits are ambiguous and nothing is written. Sources
-- that are one person share it as twins: the mapping belongs to the first (users before computer users, then the lower id).
-- Where M.O.S.S. has switched user records off, those that a person is linked to still say who a computer's user is; the rest are left out.
with users as materialized (
  select jamf_id, username, full_name, email, phone, job_title,
         jamf_sync.match_key(username) as username_key, jamf_sync.match_key(email) as email_key
  from jamf_sync.jamf_users_at(%(integration_id)s, %(users_capture)s) as jamf_user
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'user'
   and mapping.internal_type = 'person' and mapping.external_id = jamf_user.jamf_id
  where is_usable and (%(users_are_synced)s or mapping.id is not null)
),
computer_users as materialized (
  -- Of the computers that name one user, the one first enrolled in JAMF's own order speaks for it, so that the answer is stable.
  select distinct on (coalesce(username_key, email_key))
         coalesce(username_key, email_key) as external_id, username, full_name, email, phone, job_title, username_key, email_key
  from (
    select computer.*, jamf_sync.match_key(computer.username) as username_key, jamf_sync.match_key(computer.email) as email_key
    from jamf_sync.jamf_computers_at(%(integration_id)s, %(computers_capture)s) as computer
    where computer.is_usable and (computer.username is not null or computer.email is not null)
  ) as computer
  where not exists (select from users where users.username_key = computer.username_key)
    and not exists (select from users where users.email_key = coalesce(computer.username_key, computer.email_key))
  order by coalesce(username_key, email_key), jamf_sync.jamf_id_order(jamf_id), jamf_id
),
sources as materialized (
  select 'user' as external_type, jamf_id as external_id, username, full_name, email, phone, job_title, username_key, email_key,
         row_number() over (order by jamf_sync.jamf_id_order(jamf_id), jamf_id) as place
  from users
  union all
  select 'computer_user', external_id, username, full_name, email, phone, job_title, username_key,
         -- A user name that is an e-mail address is one.
         coalesce(email_key, case when username_key like '%%_@_%%' then username_key end),
         1000000000 + row_number() over (order by external_id)
  from computer_users
),
mapped as materialized (
  select source.external_type, source.external_id, mapping.internal_id as person_id, person.id is not null as person_exists
  from sources as source
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'person'
   and mapping.external_type = source.external_type and mapping.external_id = source.external_id
  left join moss_contract.people() as person on person.id = mapping.internal_id
),
unmapped as materialized (
  select source.* from sources as source
  where not exists (
    select from mapped where mapped.external_type = source.external_type and mapped.external_id = source.external_id)
),
people as materialized (
  select id, jamf_sync.match_key(email_address) as email_key, jamf_sync.match_key(username) as username_key
  from moss_contract.people()
),
by_email as (
  select source.external_type, source.external_id, count(*) as hits, (array_agg(person.id))[1] as person_id
  from unmapped as source join people as person on person.email_key = source.email_key
  group by source.external_type, source.external_id
),
by_username as (
  select source.external_type, source.external_id, count(*) as hits, (array_agg(person.id))[1] as person_id
  from unmapped as source join people as person on person.username_key = source.username_key
  group by source.external_type, source.external_id
),
found as materialized (
  select source.*,
         coalesce(by_email.hits, by_username.hits, 0) as hits,
         case when coalesce(by_email.hits, by_username.hits) = 1 then coalesce(by_email.person_id, by_username.person_id) end as found_id,
         case when by_email.hits is not null then 'email' when by_username.hits is not null then 'username' end as matched_by
  from unmapped as source
  left join by_email using (external_type, external_id)
  left join by_username using (external_type, external_id)
),
found_once as (
  select found.external_type, found.external_id, found.found_id, found.matched_by,
         taken.person_id is not null as is_taken,
         row_number() over (partition by found.found_id order by found.place) as place
  from found
  left join (select distinct person_id from mapped) as taken on taken.person_id = found.found_id
  where found.hits = 1
),
new_by_email as (
  select found.*, first_value(place) over (
           partition by email_key, case when email_key is null then place end order by place) as email_leader
  from found where found.hits = 0
),
new_people as (
  select new_by_email.*,
         case when email_leader = place
              then first_value(place) over (
                partition by email_leader = place, username_key, case when username_key is null then place end order by place)
              else email_leader end as leader
  from new_by_email
),
creations as (
  -- The id chosen for a person is kept until the person exists.
  select new_people.place, coalesce(earlier.person_id, gen_random_uuid()) as person_id
  from new_people
  left join jamf_sync.person_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.outcome = 'create'
   and earlier.external_type = new_people.external_type and earlier.external_id = new_people.external_id
  where new_people.leader = new_people.place
),
new_leaders as (
  -- A leader by e-mail may itself follow a leader by user name: two steps reach the one that creates.
  select new_people.external_type, new_people.external_id, new_people.place, creation.place as creation_place, creation.person_id
  from new_people
  join new_people as leader on leader.place = new_people.leader
  join creations as creation on creation.place = leader.leader
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, source.external_type, source.external_id, source.username, source.full_name,
    source.email, source.phone, source.job_title, source.username_key, source.email_key,
    coalesce(case when mapped.person_exists then mapped.person_id end, found_once.found_id, new_leader.person_id) as person_id,
    case when mapped.person_exists then 'mapped'
         when mapped.person_id is not null then 'deleted_internal'
         when found.hits > 1 then 'ambiguous'
         when found_once.is_taken or found_once.place > 1 then 'twin'
         when found_once.found_id is not null and earlier_mapping.external_id is not null then 'moved'
         when found_once.found_id is not null then 'matched'
         when new_leader.place <> new_leader.creation_place then 'twin'
         else 'create' end as outcome,
    case when mapped.person_id is not null then 'mapping' else found.matched_by end as matched_by,
    case when mapped.person_id is null then earlier_mapping.external_type end as previous_external_type,
    case when mapped.person_id is null then earlier_mapping.external_id end as previous_external_id
  from sources as source
  left join mapped using (external_type, external_id)
  left join found using (external_type, external_id)
  left join found_once using (external_type, external_id)
  left join new_leaders as new_leader using (external_type, external_id)
  left join moss_contract.integration_object_mappings() as earlier_mapping
    on earlier_mapping.integration_config_id = %(integration_id)s and earlier_mapping.internal_type = 'person'
   and earlier_mapping.internal_id = found_once.found_id
),
removed as (
  delete from jamf_sync.person_matches as earlier
  where earlier.integration_id = %(integration_id)s
    and not exists (
      select from matches where matches.external_type = earlier.external_type and matches.external_id = earlier.external_id)
)
insert into jamf_sync.person_matches
select * from matches
-- Less what stands already (docs/decisions/0006).
except select * from jamf_sync.person_matches where integration_id = %(integration_id)s
on conflict (integration_id, external_type, external_id) do update
set username = excluded.username, full_name = excluded.full_name, email = excluded.email, phone = excluded.phone,
    job_title = excluded.job_title, username_key = excluded.username_key, email_key = excluded.email_key,
    person_id = excluded.person_id, outcome = excluded.outcome, matched_by = excluded.matched_by,
    previous_external_type = excluded.previous_external_type, previous_external_id = excluded.previous_external_id
