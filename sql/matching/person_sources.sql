-- person_sources: who could be a person, as JAMF has them: its users, and each user whom only a
-- computer names. Grain: one row per person source. And named_computers: the users that computers name.
-- Parameters: integration_id, users_capture, computers_capture, mobile_devices_capture, users_are_synced, username_domains,
-- ignored_usernames (text[]: who is nobody). The rules are those of person_matches. Temporary tables (docs/decisions/0002).
with read_users as materialized (
  select jamf_user.*, jamf_sync.match_key(plain_name) as username_key,
         jamf_sync.match_key(email) as email_key
  from (
    select jamf_id, jamf_sync.plain_username(username, %(username_domains)s) as plain_name,
           full_name, email, phone, job_title
    from jamf_sync.jamf_users_at(%(integration_id)s, %(users_capture)s)
    where is_usable
  ) as jamf_user
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.external_type = 'user'
   and mapping.internal_type = 'person' and mapping.external_id = jamf_user.jamf_id
  where %(users_are_synced)s or mapping.id is not null
),
users as materialized (
  select * from read_users
  where not coalesce(jamf_sync.is_nobody(username_key, %(ignored_usernames)s), false)
),
read_computers as materialized (
  select jamf_id, plain_name, full_name, email, phone, job_title, username_key, address_key,
         -- A user name that is an e-mail address is one.
         coalesce(address_key, case when username_key like '%%_@_%%' then username_key end)
           as email_key
  from (
    select jamf_id, plain_name, full_name, email, phone, job_title,
           jamf_sync.match_key(plain_name) as username_key,
           jamf_sync.match_key(email) as address_key
    from (
      select computer.*, jamf_sync.plain_username(username, %(username_domains)s) as plain_name
      from jamf_sync.jamf_devices_at(
        %(integration_id)s, %(computers_capture)s, %(mobile_devices_capture)s) as computer
      where is_usable and (username is not null or email is not null)
    ) as computer
    offset 0
  ) as computer
  where not coalesce(jamf_sync.is_nobody(username_key, %(ignored_usernames)s), false)
),
unrecorded as materialized (
  -- Of the computers whose user no user record is, one speaks for all that say the same: the first enrolled in JAMF's own
  -- order, so that the answer is stable.
  select distinct on (username_key, address_key) computer.*
  from read_computers as computer
  where not exists (
      select from users
      where users.username_key = computer.username_key
        and coalesce(users.email_key = computer.address_key, true))
    and not exists (
      select from users
      where users.email_key = coalesce(computer.username_key, computer.email_key))
    and not exists (
      -- One address and one name, otherwise spelled.
      select from users
      where users.email_key = computer.address_key
        and jamf_sync.local_part(users.username_key) = jamf_sync.local_part(computer.username_key))
  order by username_key, address_key, jamf_sync.jamf_id_order(jamf_id), jamf_id
),
speakers as (
  -- For each user name the address that counts as its own; one with another address is known by that address.
  select distinct on (username_key) username_key, address_key
  from unrecorded
  where username_key is not null
  order by username_key, address_key is null, jamf_sync.jamf_id_order(jamf_id), jamf_id
),
named as (
  select computer.*,
    case when computer.username_key is null then computer.email_key
         when recorded.username_key is not null then computer.address_key
         when coalesce(computer.address_key = speaker.address_key, true) then computer.username_key
         else computer.address_key end as external_id
  from unrecorded as computer
  left join speakers as speaker on speaker.username_key = computer.username_key
  left join (select distinct username_key from users) as recorded
    on recorded.username_key = computer.username_key
),
computer_users as (
  select distinct on (external_id) *
  from named
  order by external_id, username_key is null, address_key is null,
           jamf_sync.jamf_id_order(jamf_id), jamf_id
),
all_sources as materialized (
  select 'user' as external_type, jamf_id as external_id, plain_name as username, full_name, email,
         phone, job_title, username_key, email_key, email_key as address_key,
         row_number() over (order by jamf_sync.jamf_id_order(jamf_id), jamf_id) as place
  from users
  union all
  select 'computer_user', external_id, plain_name, full_name, email, phone, job_title, username_key,
         email_key, address_key, 1000000000 + row_number() over (order by external_id)
  from computer_users
),
repeated_addresses as (
  select email_key from all_sources where email_key is not null
  group by email_key having count(*) > 1
),
shared_addresses as materialized (
  -- Addresses of several users: a mailbox of a team identifies nobody. One name, otherwise spelled, is one user.
  select source.email_key
  from all_sources as source join repeated_addresses using (email_key)
  group by source.email_key
  having min(jamf_sync.local_part(source.username_key) collate "C")
      <> max(jamf_sync.local_part(source.username_key) collate "C")
),
named_computers as (
  insert into named_computers (jamf_id, full_name, username_key, address_key)
  select jamf_id, full_name, username_key, address_key from read_computers
)
insert into person_sources
  (external_type, external_id, username, full_name, email, phone, job_title, username_key, email_key,
   address_key, place, is_shared)
select source.external_type, source.external_id, source.username, source.full_name, source.email,
       source.phone, source.job_title, source.username_key, source.email_key, source.address_key,
       source.place, shared.email_key is not null as is_shared
from all_sources as source
left join shared_addresses as shared on shared.email_key = source.email_key
-- A computer that names a mailbox of several and no user name names nobody.
where source.external_type = 'user' or source.username_key is not null
   or shared.email_key is null
