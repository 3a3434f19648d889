-- person_matches: which M.O.S.S. person each JAMF user is, and each user whom only a computer names.
-- Grain: one row per person source. Parameters: integration_id,
-- username_domains (text[]: domains that are no part of a user name; {*}: all).
-- A link by a JAMF id holds while user name or e-mail address agree with what it last saw (docs/who-is-who.md, "Who is
-- who"), or where both changed and the full name alone says who it is; one that they contradict counts as none, and so does
-- one whose person is gone. Who was deleted in M.O.S.S. is known by what the link last saw, whatever the record's id is by
-- now, and not created again unless a person decided so (decisions, link_lost). A record that was gone from JAMF comes back
-- as another one if its address is another. Who has no link is looked for by e-mail address, then by user name: exact,
-- folded, never alike. An address that JAMF users of several names carry identifies none of them. A person of the same user
-- name whose known address is another is not that person: nothing is matched until somebody decides; nor is who has the
-- address of one whose user name somebody else has, or of a user who is gone and had another user name and another full name
-- (a mailbox goes to the next one); nor is who has the user name of one who is gone and had another full name, while no
-- address tells more. Sources that are one person share it as twins: the link belongs to the first (users before computer
-- users, then the lower id). Where M.O.S.S. has switched user records off, those that a person is linked to still say who a
-- computer's user is; the rest are left out.
-- Reads person_sources, judged_people and named_computers; run after these, in one transaction.
-- address_key is the e-mail address that JAMF gives, email_key also a user name that is one.
with owners as materialized (
  select judged.person_id, source.external_type, source.external_id, source.username_key,
         source.address_key
  from judged_people as judged join person_sources as source using (external_type, external_id)
  where judged.holds
),
seekers as materialized (
  select source.*, case when judged.person_exists then judged.person_id end as linked_id,
         judged.lost_id, judged.seen_username, judged.seen_email
  from person_sources as source
  left join judged_people as judged using (external_type, external_id)
  where judged.holds is not true
),
buried_links as materialized (
  -- What links of people who were deleted in M.O.S.S. last saw.
  select mapping.internal_id as person_id,
         jamf_sync.match_key(jamf_sync.plain_username(
           coalesce(mapping.external_data ->> 'username',
                    case mapping.external_type when 'computer_user' then mapping.external_id end),
           %(username_domains)s)) as username_key,
         jamf_sync.match_key(
           case mapping.external_type when 'user' then mapping.external_data ->> 'email'
             else coalesce(base.values ->> 'email_address',
                           mapping.external_data ->> 'email_address') end) as email_key
  from moss_contract.integration_object_mappings() as mapping
  left join moss_contract.people() as person on person.id = mapping.internal_id
  left join jamf_sync.applied_values as base
    on mapping.external_type = 'computer_user' and base.integration_id = %(integration_id)s
   and base.object_type = 'person' and base.object_id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'person'
    and person.id is null and exists (select from seekers)
),
buried_hits as (
  select seeker.external_type, seeker.external_id, link.person_id
  from seekers as seeker join buried_links as link on link.email_key = seeker.email_key
  where not seeker.is_shared
    and (jamf_sync.local_part(link.username_key) = jamf_sync.local_part(seeker.username_key))
          is not false
  union all
  select seeker.external_type, seeker.external_id, link.person_id
  from seekers as seeker join buried_links as link on link.username_key = seeker.username_key
  where (link.email_key = seeker.address_key) is not false
),
buried as materialized (
  select external_type, external_id, min(person_id::text)::uuid as person_id
  from buried_hits group by external_type, external_id
),
people as materialized (
  -- A linked person has the address that JAMF gives by now.
  select person.id,
         coalesce(owner.address_key, jamf_sync.match_key(person.email_address)) as email_key,
         jamf_sync.match_key(jamf_sync.plain_username(person.username, %(username_domains)s))
           as username_key,
         owner.external_type as owner_type, owner.username_key as owner_username_key
  from moss_contract.people() as person
  left join owners as owner on owner.person_id = person.id
  where exists (select from seekers)
),
by_email as (
  select seeker.external_type, seeker.external_id, count(*) as hits,
         (array_agg(person.id))[1] as person_id
  from seekers as seeker join people as person on person.email_key = seeker.email_key
  where not seeker.is_shared
  group by seeker.external_type, seeker.external_id
),
by_username as (
  -- Of several people of one user name those whose address is another one are not meant.
  select seeker.external_type, seeker.external_id,
    count(*) filter (where is_possible) as hits,
    count(*) filter (where not is_possible) as contradictions,
    (array_agg(person.id) filter (where is_possible))[1] as person_id,
    (array_agg(person.id order by person.id) filter (where not is_possible))[1] as other_id
  from seekers as seeker
  join people as person on person.username_key = seeker.username_key
  cross join lateral (
    select coalesce(person.email_key = seeker.address_key, true) as is_possible
  ) as compared
  group by seeker.external_type, seeker.external_id
),
assignments as (
  -- Whom the computers of these names were assigned to by the last sync; and whom a spelling was found to be before its
  -- computer went to somebody else: JAMF keeps a user record of every name that a computer ever said.
  select seeker.external_type, seeker.external_id, (base.values ->> 'assigned_to_person_id')::uuid
           as person_id,
         computer.full_name, seeker.username_key, seeker.address_key
  from seekers as seeker
  join named_computers as computer
    on computer.username_key = seeker.username_key
   and coalesce(computer.address_key, '') = coalesce(seeker.address_key, '')
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'device'
   and mapping.external_type = 'computer' and mapping.external_id = computer.jamf_id
  join jamf_sync.applied_values as base
    on base.integration_id = %(integration_id)s and base.object_type = 'device'
   and base.object_id = mapping.internal_id
  where base.values ? 'assigned_to_person_id'
  union all
  select seeker.external_type, seeker.external_id, earlier.person_id, seeker.full_name,
         seeker.username_key, seeker.address_key
  from seekers as seeker
  join jamf_sync.person_matches as earlier
    on earlier.integration_id = %(integration_id)s
   and earlier.external_type = seeker.external_type and earlier.external_id = seeker.external_id
   and earlier.username_key = seeker.username_key and earlier.matched_by = 'spelling'
),
known_users as materialized (
  -- The same user under another spelling: a computer's known user whose name, or address, up to its @ is what the computer
  -- says now and no more; or the other way round, one of whom nothing but that bare name was known; or one who is a JAMF user
  -- of this name, whose former address the computer still shows.
  select assigned.external_type, assigned.external_id, (array_agg(person.id))[1] as person_id
  from assignments as assigned
  join moss_contract.people() as person on person.id = assigned.person_id
  left join owners as owner on owner.person_id = person.id
  where case
    when assigned.username_key ~ '[@\\]' and person.email_address is null
      and jamf_sync.match_key(person.username) !~ '[@\\]'
      then jamf_sync.match_key(person.username) = jamf_sync.local_part(assigned.username_key)
       and (nullif(jamf_sync.match_key(person.full_name), jamf_sync.match_key(person.username))
            = jamf_sync.match_key(assigned.full_name)) is not false
    when assigned.address_key is not null
      then owner.external_type = 'user' and owner.username_key = assigned.username_key
    else assigned.username_key !~ '[@\\]'
     and coalesce(
       jamf_sync.match_key(assigned.full_name) = jamf_sync.match_key(person.full_name), true)
     and (jamf_sync.local_part(jamf_sync.match_key(person.username)) = assigned.username_key
       or jamf_sync.local_part(jamf_sync.match_key(person.email_address)) = assigned.username_key)
    end
  group by assigned.external_type, assigned.external_id
  having count(distinct person.id) = 1
),
looked_up as (
  select seeker.external_type, seeker.external_id, seeker.username, seeker.full_name, seeker.email,
    seeker.phone, seeker.job_title, seeker.username_key, seeker.email_key, seeker.address_key,
    seeker.place, seeker.is_shared, seeker.linked_id, seeker.seen_username, seeker.seen_email,
    coalesce(seeker.lost_id, buried.person_id) as lost_id,
    by_email.hits as email_hits, coalesce(by_username.hits, 0) as username_hits,
    known.person_id as known_id,
    case when by_email.hits = 1 then by_email.person_id
         when by_username.hits = 1 then by_username.person_id end as hit_id,
    case when by_email.hits = 1 then 'email' when by_username.hits = 1 then 'username' end as hit_by,
    case when coalesce(by_username.hits, 0) = 0 then by_username.other_id end as other_id
  from seekers as seeker
  left join by_email using (external_type, external_id)
  left join by_username using (external_type, external_id)
  left join known_users as known using (external_type, external_id)
  left join buried using (external_type, external_id)
),
former_owners as materialized (
  -- As whom JAMF last knew the person who was found, where that user is gone.
  select looked.external_type, looked.external_id, mapping.external_type as former_type,
         jamf_sync.local_part(jamf_sync.match_key(jamf_sync.plain_username(
           coalesce(mapping.external_data ->> 'username',
                    case mapping.external_type when 'computer_user' then mapping.external_id end),
           %(username_domains)s))) as username_part,
         jamf_sync.match_key(coalesce(mapping.external_data ->> 'realname', base.values ->> 'full_name'))
           as name_key
  from looked_up as looked
  join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'person'
   and mapping.internal_id = looked.hit_id
  left join owners as owner on owner.person_id = looked.hit_id
  left join jamf_sync.applied_values as base
    on base.integration_id = %(integration_id)s and base.object_type = 'person'
   and base.object_id = looked.hit_id
  where owner.person_id is null
),
decisions as materialized (
  -- What people decided on users of one name and another address (of these values), and on links to people who are gone.
  select distinct on (kind, external_id, jamf_value, moss_value)
         kind, external_id, jamf_value #>> '{}' as jamf_value, moss_value #>> '{}' as moss_value,
         resolution
  from jamf_sync.decisions
  where integration_id = %(integration_id)s and object_type = 'person'
    and kind in ('identity_contradicted', 'link_lost')
  order by kind, external_id, jamf_value, moss_value, resolved_at desc, conflict_id desc
),
claimed_by_name as (
  -- People whose user name a source has, with another address: the address of theirs may have been handed on as well.
  select distinct other_id as person_id from looked_up where hit_id is null and other_id is not null
),
weighed as materialized (
  -- hit: who it is by the evidence; other: who it seems to be, against some of it.
  select looked.*,
    case
      when known_id is not null and hit_id is null then 'spelling'
      when known_id is not null and known_id <> hit_id and address_key is null then 'several'
      when hit_id is null and (email_hits > 1 or username_hits > 1) then 'several'
      when hit_id is not null and jamf_sync.local_part(owner.owner_username_key)
             <> jamf_sync.local_part(looked.username_key) then 'another'
      when claimed.person_id is not null and jamf_sync.local_part(owner.username_key)
             <> jamf_sync.local_part(looked.username_key) then 'another'
      when former.name_key <> jamf_sync.match_key(looked.full_name)
        and case hit_by
          when 'email' then former.username_part <> jamf_sync.local_part(looked.username_key)
          else former.former_type = 'user' and looked.external_type = 'user'
           and (owner.email_key = looked.address_key) is not true end then 'another'
      when hit_id is not null then hit_by
      when other_id is not null then 'another'
      else 'nobody' end as found_by
  from looked_up as looked
  left join people as owner on owner.id = looked.hit_id
  left join claimed_by_name as claimed on claimed.person_id = looked.hit_id
  left join former_owners as former
    on former.external_type = looked.external_type and former.external_id = looked.external_id
),
disputed as materialized (
  -- Whom a source seems to be against the evidence, and what was decided about it.
  select weighed.external_type, weighed.external_id, person.id as other_id,
         decision.resolution
  from weighed
  join people as person on person.id = coalesce(weighed.hit_id, weighed.other_id)
  left join decisions as decision
    on decision.kind = 'identity_contradicted' and decision.external_id = weighed.external_id
   and decision.jamf_value is not distinct from coalesce(weighed.address_key, weighed.username_key)
   and decision.moss_value is not distinct from coalesce(person.email_key, person.username_key)
  where weighed.found_by = 'another'
),
found as materialized (
  select weighed.*, disputed.other_id as disputed_id, disputed.resolution,
    case when found_by = 'spelling' then known_id
         when disputed.resolution = 'take_jamf' then disputed.other_id
         when found_by in ('email', 'username') then hit_id end as found_id,
    case when found_by = 'several' then 'ambiguous'
         when found_by = 'another' and disputed.resolution is null then 'contradicted'
         when found_by = 'nobody' or disputed.resolution = 'keep_moss' then 'new'
         else 'found' end as finding
  from weighed
  left join disputed using (external_type, external_id)
),
claims as (
  select found.external_type, found.external_id, found.found_id,
    owner.person_id is not null
      or found.found_by = 'spelling' and found.username_key !~ '[@\\]' as is_taken,
    row_number() over (partition by found.found_id order by found.found_by <> 'email', found.place)
      as rank,
    first_value(found.address_key) over (
      partition by found.found_id order by found.found_by <> 'email', found.place) as first_address
  from found
  left join owners as owner on owner.person_id = found.found_id
  where found.finding = 'found'
),
new_by_email as (
  -- An address that identifies makes one person of those that carry it; others are known by their user name.
  select found.external_type, found.external_id, found.place, found.username_key,
         found.address_key,
         first_value(place) over (
           partition by email_key, case when email_key is null or is_shared then place end
           order by place) as email_leader
  from found
  left join (
    select distinct external_id from decisions
    where kind = 'link_lost' and resolution = 'take_jamf'
  ) as revived on revived.external_id = found.external_id
  where found.finding = 'new'
    and (found.lost_id is null or found.resolution = 'keep_moss'
      or revived.external_id is not null)
),
new_people as (
  -- Of one user name who has an address leads; another address is another person, whom somebody has to decide about.
  select new_by_email.*,
    case when email_leader = place then first_value(place) over same_name else email_leader end
      as leader,
    case when email_leader = place then first_value(address_key) over same_name <> address_key end
      as is_another
  from new_by_email
  window same_name as (
    partition by email_leader = place, username_key, case when username_key is null then place end
    order by address_key is null, place)
),
creations as (
  -- The id chosen for a person is kept until the person exists.
  select new_people.place, coalesce(earlier.person_id, gen_random_uuid()) as person_id
  from new_people
  left join jamf_sync.person_matches as earlier
    on earlier.integration_id = %(integration_id)s and earlier.outcome = 'create'
   and earlier.external_type = new_people.external_type
   and earlier.external_id = new_people.external_id
  where new_people.leader = new_people.place
),
new_leaders as (
  -- A leader by e-mail may itself follow a leader by user name: two steps reach the one that creates.
  select new_people.external_type, new_people.external_id, new_people.place,
         leader.address_key, creation.place as creation_place, creation.person_id,
         coalesce(new_people.is_another or leader.is_another, false) as is_another
  from new_people
  join new_people as leader on leader.place = new_people.leader
  join creations as creation on creation.place = leader.leader
),
sought as (
  select found.external_type, found.external_id, found.linked_id, found.lost_id, found.found_by,
    found.username_key, found.address_key, found.seen_username, found.seen_email,
    coalesce(claim.found_id, new_leader.person_id) as person_id,
    coalesce(found.disputed_id, claim.found_id, new_leader.person_id) as compared_id,
    coalesce(claim.first_address, new_leader.address_key) as first_address,
    case when found.finding in ('ambiguous', 'contradicted') then found.finding
         when claim.found_id = found.linked_id then 'mapped'
         when claim.rank > 1 and claim.first_address <> found.address_key then 'contradicted'
         when claim.is_taken or claim.rank > 1 then 'twin'
         when claim.found_id is not null and earlier.external_id is not null then 'moved'
         when claim.found_id is not null then 'matched'
         when new_leader.place is null then 'deleted_internal'
         when new_leader.is_another then 'contradicted'
         when new_leader.place <> new_leader.creation_place then 'twin'
         else 'create' end as outcome,
    earlier.external_type as previous_external_type, earlier.external_id as previous_external_id
  from found
  left join claims as claim using (external_type, external_id)
  left join new_leaders as new_leader using (external_type, external_id)
  left join moss_contract.integration_object_mappings() as earlier
    on earlier.integration_config_id = %(integration_id)s and earlier.internal_type = 'person'
   and earlier.internal_id = claim.found_id
),
explained as materialized (
  -- What M.O.S.S. knows of the person, or, where there is none, what the link last saw, beside what JAMF says.
  select sought.*,
    jsonb_strip_nulls(jsonb_build_object(
      'agreed', to_jsonb(array_remove(array[
        case when known.username_key = sought.username_key then 'username' end,
        case when known.email_key = sought.address_key then 'email' end], null)),
      'contradicted', jsonb_strip_nulls(jsonb_build_object(
        'username', case when known.username_key <> sought.username_key
          then jsonb_build_array(known.username_key, sought.username_key) end,
        'email', case when known.email_key <> sought.address_key
          then jsonb_build_array(known.email_key, sought.address_key) end)),
      'lost', sought.lost_id,
      'reused', case when sought.outcome <> 'mapped' then sought.linked_id end,
      'person_id', case when sought.outcome = 'contradicted' then sought.compared_id end,
      'known_as', case when sought.outcome = 'contradicted'
        then coalesce(person.email_key, sought.first_address, person.username_key) end)) as evidence
  from sought
  left join people as person on person.id = sought.compared_id
  cross join lateral (
    select case when person.id is null then jamf_sync.match_key(sought.seen_username)
                else person.username_key end as username_key,
           coalesce(person.email_key, sought.first_address,
                    case when person.id is null then jamf_sync.match_key(sought.seen_email) end)
             as email_key
  ) as known
),
matches as materialized (
  select %(integration_id)s::uuid as integration_id, source.external_type, source.external_id,
    source.username, source.full_name, source.email, source.phone, source.job_title,
    source.username_key, source.email_key,
    case when judged.holds then judged.person_id
         when sought.outcome not in ('contradicted', 'ambiguous', 'deleted_internal')
           then sought.person_id end as person_id,
    case when judged.holds then 'mapped' else sought.outcome end as outcome,
    case when judged.holds or sought.outcome in ('mapped', 'deleted_internal') then 'mapping'
         when sought.found_by in ('email', 'username', 'spelling') then sought.found_by
         when sought.found_by = 'several'
           then case when source.email_key is not null then 'email' else 'username' end
         when sought.outcome = 'contradicted' or sought.found_by = 'another' then 'username'
         end as matched_by,
    case when sought.outcome = 'moved' then sought.previous_external_type end
      as previous_external_type,
    case when sought.outcome = 'moved' then sought.previous_external_id end as previous_external_id,
    case
      when judged.holds is not true then sought.evidence
      when judged.username_agrees and judged.email_agrees
        then '{"agreed": ["username", "email"], "contradicted": {}}'::jsonb
      else jsonb_build_object(
        'agreed', to_jsonb(array_remove(array[
          case when judged.username_agrees then 'username' end,
          case when judged.email_agrees then 'email' end,
          case when judged.name_agrees then 'full_name' end], null)),
        'contradicted', jsonb_strip_nulls(jsonb_build_object(
          'username', case when not judged.username_agrees
            then jsonb_build_array(judged.seen_username, source.username) end,
          'email', case when not judged.email_agrees
            then jsonb_build_array(judged.seen_email, source.email) end))) end as evidence
  from person_sources as source
  left join judged_people as judged using (external_type, external_id)
  left join explained as sought using (external_type, external_id)
),
removed as (
  delete from jamf_sync.person_matches as earlier
  where earlier.integration_id = %(integration_id)s
    and not exists (
      select from matches
      where matches.external_type = earlier.external_type
        and matches.external_id = earlier.external_id)
)
insert into jamf_sync.person_matches
select matches.* from matches
left join jamf_sync.person_matches as earlier
  on earlier.integration_id = %(integration_id)s
  and earlier.external_type = matches.external_type
  and earlier.external_id = matches.external_id
-- Less what stands already (docs/decisions/0006).
where matches.* is distinct from earlier.*
on conflict (integration_id, external_type, external_id) do update
set username = excluded.username, full_name = excluded.full_name, email = excluded.email,
    phone = excluded.phone, job_title = excluded.job_title, username_key = excluded.username_key,
    email_key = excluded.email_key, person_id = excluded.person_id, outcome = excluded.outcome,
    matched_by = excluded.matched_by, previous_external_type = excluded.previous_external_type,
    previous_external_id = excluded.previous_external_id, evidence = excluded.evidence
