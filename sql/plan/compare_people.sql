-- Compares every matched person source with its person; those that differ go to compared_objects, the rest are counted.
-- Parameters: integration_id, plan_id, users_capture, departments_capture (0: they are not pulled), rejected (records JAMF
-- could not serve), clearable (fields).
-- Reads person_matches, person_values, applied_values, decisions. User records of no capture (M.O.S.S. has switched them off)
-- were matched to know people by, and are not planned. A JAMF null says nothing (ownership: on_null = keep), so it is
-- overlaid with what M.O.S.S. holds before comparing. Accounts of the system are nobody, and skipped.
-- A person's department is that of the devices that JAMF says the person uses, if those that have one agree. While departments
-- are not pulled, nothing is said of it, nor was: as if there were no such field.
with departments as materialized (
  select device.person_id, min(department.name) as name
  from jamf_sync.device_matches as device
  join jamf_sync.jamf_computers_snapshot as record using (version_id)
  join jamf_sync.jamf_departments_at(%(integration_id)s, %(departments_capture)s) as department
    on department.jamf_id = record.department_id and department.is_usable
  where device.integration_id = %(integration_id)s and device.person_id is not null
    and device.outcome in ('mapped', 'moved', 'matched', 'create') and %(departments_capture)s > 0
  group by device.person_id
  having min(department.name collate "C") = max(department.name collate "C")
),
candidates as materialized (
  select match.*, mapping.sync_status,
    case when %(departments_capture)s > 0 then value.values else value.values - 'department' end as moss,
    case when %(departments_capture)s > 0 then coalesce(applied.values, '{}')
         else coalesce(applied.values, '{}') - 'department' end as base,
    coalesce(match.full_name, match.username, match.email) as label,
    jsonb_build_object(
      'username', match.username,
      'full_name', coalesce(match.full_name, case when match.outcome = 'create' then
        coalesce(match.username, split_part(match.email, '@', 1)) end),
      'email_address', match.email, 'phone_number', match.phone, 'job_title', match.job_title)
    || case when %(departments_capture)s > 0 then jsonb_build_object('department', department.name) else '{}' end as jamf
  from jamf_sync.person_matches as match
  left join moss_contract.person_values() as value on value.id = match.person_id
  left join jamf_sync.applied_values as applied
    on applied.integration_id = %(integration_id)s and applied.object_type = 'person' and applied.object_id = match.person_id
  left join moss_contract.integration_object_mappings() as mapping
    on mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'person'
   and mapping.internal_id = match.person_id
  left join departments as department on department.person_id = match.person_id
  where match.integration_id = %(integration_id)s and (match.external_type <> 'user' or %(users_capture)s > 0)
),
compared as materialized (
  select candidates.*,
    restored.object_id is not null as is_to_be_restored,
    case when outcome = 'create' then 'create' when outcome = 'moved' then 'move' when outcome = 'matched' then 'link'
         when sync_status = 'deleted_external' then 'return' else 'update' end as action,
    jamf_sync.overlaid(moss, jamf, %(clearable)s) as wanted
  from candidates
  left join (
    select distinct object_id from jamf_sync.decisions
    where integration_id = %(integration_id)s and object_type = 'person' and is_to_be_restored
  ) as restored on restored.object_id = candidates.person_id
  where outcome in ('create', 'moved', 'matched', 'mapped')
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'person',
    users.total + (select count(*) from candidates where external_type = 'computer_user') + %(rejected)s,
    users.total - users.usable + %(rejected)s,
    (select count(*) from candidates where outcome = 'twin')
      + users.usable - (select count(*) from candidates where external_type = 'user'),
    (select count(*) from compared where action = 'update' and wanted = moss and jsonb_strip_nulls(wanted) = base
      and not is_to_be_restored)
  from (
    select count(*) as total, count(*) filter (where is_usable) as usable
    from jamf_sync.jamf_users_at(%(integration_id)s, %(users_capture)s)
  ) as users
),
creations as materialized (
  select person_id, external_type, external_id, label, jamf, username_key, email_key, full_name
  from candidates where outcome = 'create'
),
known_people as materialized (
  -- Whom a new person could be, if anybody is new: who is in M.O.S.S., and who is new as well.
  select id, full_name, username, email_address, jamf_sync.match_key(email_address) as email_key,
         jamf_sync.match_key(username) as username_key
  from (
    select id, jamf_sync.unescaped(full_name) as full_name, jamf_sync.unescaped(username) as username,
           jamf_sync.unescaped(email_address) as email_address
    from moss_contract.people()
    where exists (select from creations)
    offset 0
  ) as person
  union all
  select person_id, label, jamf ->> 'username', jamf ->> 'email_address', email_key, username_key
  from creations
),
resemblances as materialized (
  -- By what people of two spellings are alike: a user name or address up to its @, or a full name.
  select person.id, person.email_key is null as has_no_address, part.key
  from known_people as person
  cross join lateral (values
    (jamf_sync.local_part(person.username_key)), (jamf_sync.local_part(person.email_key)),
    (' ' || jamf_sync.match_key(person.full_name))) as part (key)
  where part.key is not null
),
new_resemblances as materialized (
  select resemblances.* from resemblances join creations on creations.person_id = resemblances.id
),
alike as (
  -- Two people of two addresses are two: one of the two has none.
  select new.id as person_id, known.id as other_id
  from new_resemblances as new join resemblances as known on known.key = new.key and known.id <> new.id
  where new.has_no_address
  union
  select new.id, known.id
  from new_resemblances as new join resemblances as known on known.key = new.key and known.id <> new.id
  where known.has_no_address
),
others as (
  -- Who in M.O.S.S. has the address or the user name of a new person, and is somebody else.
  select creation.person_id, jsonb_agg(distinct known.id) as people
  from creations as creation
  join known_people as known on known.email_key = creation.email_key and known.id <> creation.person_id
  group by creation.person_id
  union all
  select creation.person_id, jsonb_agg(distinct known.id)
  from creations as creation
  join known_people as known on known.username_key = creation.username_key and known.id <> creation.person_id
  group by creation.person_id
),
others_of_all as materialized (
  select person_id, jsonb_agg(other.id) as people
  from others cross join lateral jsonb_array_elements(others.people) as other (id)
  group by person_id
),
duplicates as (
  select alike.person_id,
         string_agg(format('%%s (%%s)', known.full_name, concat_ws(', ', known.username, known.email_address)), '; '
                    order by known.full_name, known.id) as people
  from alike join known_people as known on known.id = alike.other_id
  group by alike.person_id
),
left_behind as (
  -- People whose JAMF id is somebody else's by now, and whom no other user is.
  select candidate.external_id, candidate.label as new_label, candidate.email, candidate.username, person.id,
         jamf_sync.unescaped(person.full_name) as full_name, jamf_sync.unescaped(person.email_address) as email_address,
         -- Of who is known already the evidence is of that one.
         case when candidate.outcome = 'create' then ': ' || jamf_sync.evidence_sentence(candidate.evidence) end as told
  from candidates as candidate
  join moss_contract.people() as person on person.id = (candidate.evidence ->> 'reused')::uuid
  left join candidates as found on found.person_id = person.id
  where candidate.external_type = 'user' and candidate.outcome in ('create', 'moved', 'matched')
    and found.external_id is null
),
conflicts as (
  insert into jamf_sync.plan_conflicts
    (plan_id, object_type, object_id, external_type, external_id, label, kind, jamf_value, moss_value, detail)
  select %(plan_id)s, 'person', null::uuid, external_type, external_id, label, 'ambiguous_match', coalesce(email, username),
         null,
         'Several M.O.S.S. people carry this e-mail address or user name; give each its own, or link one by hand.'
  from candidates where outcome = 'ambiguous'
  union all
  select %(plan_id)s, 'person', null, candidate.external_type, candidate.external_id, candidate.label,
         'identity_contradicted', coalesce(candidate.jamf_key, candidate.username_key), candidate.evidence ->> 'known_as',
         format('JAMF''s user %%s has the %%s of %%s, and the two are not the same by what else is known of them. '
                'Nothing was written to either, and a Mac of this user keeps the person it has. Decide: keep M.O.S.S. makes '
                'the user a person of its own; take JAMF says that it is the same person, with a new %%s.',
                candidate.described, candidate.shared, candidate.other, candidate.changed)
  from (
    select candidates.*, jamf_sync.match_key(candidates.email) as jamf_key,
           format('%%s (%%s)', candidates.label, concat_ws(', ', candidates.username, candidates.email)) as described,
           case when person.id is not null
                  then format('%%s (%%s)', jamf_sync.unescaped(person.full_name), concat_ws(', ',
                    jamf_sync.unescaped(person.username), jamf_sync.unescaped(person.email_address)))
                when twin.person_id is not null
                  then format('%%s (%%s)', twin.label, concat_ws(', ', twin.username, twin.email))
                else 'another user' end as other,
           case when is_address then 'e-mail address' else 'user name' end as shared,
           case when is_address then 'user name' when candidates.email is null then 'full name'
                else 'e-mail address' end as changed
    from candidates
    cross join lateral (
      select candidates.evidence -> 'agreed' ? 'email'
         and not candidates.evidence -> 'agreed' ? 'username' as is_address
    ) as evidence
    left join moss_contract.people() as person on person.id = (candidates.evidence ->> 'person_id')::uuid
    left join candidates as twin
      on twin.outcome = 'create' and twin.person_id = (candidates.evidence ->> 'person_id')::uuid and person.id is null
    where candidates.outcome = 'contradicted'
  ) as candidate
  union all
  select %(plan_id)s, 'person', null, candidate.external_type, candidate.external_id, candidate.label, 'link_lost',
         coalesce(candidate.email, candidate.username), null,
         format('%%s was linked to %%s, who was deleted in M.O.S.S., and nobody else there has the e-mail address or the user '
                'name. The user is linked to nobody, and Macs of the user keep the person they have.',
                candidate.label, coalesce(lost.values ->> 'full_name', lost.values ->> 'email_address', 'a person'))
  from candidates as candidate
  left join jamf_sync.applied_values as lost
    on lost.integration_id = %(integration_id)s and lost.object_type = 'person'
   and lost.object_id = (candidate.evidence ->> 'lost')::uuid
  where candidate.outcome = 'deleted_internal'
  union all
  select %(plan_id)s, 'person', person_id, external_type, external_id, label, 'linked_again', coalesce(email, username),
         coalesce(moss ->> 'email_address', moss ->> 'username'),
         format('%%s was linked to a person who was deleted in M.O.S.S. It was linked again, to %%s, by %%s. '
                'Confirm that this is the same person, or correct it in M.O.S.S.',
                label, moss ->> 'full_name', case matched_by when 'email' then 'the e-mail address' else 'the user name' end)
  from candidates where outcome in ('moved', 'matched') and evidence ? 'lost'
  union all
  select %(plan_id)s, 'person', id, 'user', external_id, full_name, 'id_reused', coalesce(email, username), email_address,
         format('JAMF''s user %%s was %%s and is %%s by now%%s. This person keeps everything M.O.S.S. knows of it. '
                'Say in M.O.S.S. what became of it.', external_id, full_name, new_label, told)
  from left_behind
  union all
  select %(plan_id)s, 'person', creation.person_id, creation.external_type, creation.external_id, creation.label,
         'likely_duplicate', coalesce(creation.jamf ->> 'email_address', creation.jamf ->> 'username'), duplicates.people,
         format('%%s was created, and resembles %%s. If that is the same person, give the one you keep the user name or the '
                'e-mail address that JAMF has, and delete the other in M.O.S.S.', creation.label, duplicates.people)
  from duplicates join creations as creation using (person_id)
)
insert into compared_objects (object_type, object_id, external_type, external_id, label, action, reason, jamf, moss, base, details)
select 'person', person_id, external_type, external_id, label, action,
  case action when 'create' then 'unknown_to_moss' when 'link' then 'matched_by_' || matched_by when 'move' then 'matched_by_' || matched_by
              when 'return' then 'back_in_jamf' else 'values_differ' end,
  case when action = 'create' then wanted || jsonb_build_object(
    'person_type', (select accepted from moss_contract.vocabulary where domain = 'person_type' and canonical = 'employee'),
    'notes', 'Imported from JAMF Pro', 'imported_from_jamf', 'true') else wanted end,
  coalesce(moss, '{}'), base,
  jsonb_strip_nulls(jsonb_build_object(
    'previous_external_type', previous_external_type, 'previous_external_id', previous_external_id,
    'others', others_of_all.people, 'evidence', nullif(evidence, '{}'),
    'guarded_as', case when evidence ? 'reused' and external_type = 'user' then 'relink' end))
from compared
left join others_of_all using (person_id)
where action <> 'update' or wanted <> moss or jsonb_strip_nulls(wanted) <> base or is_to_be_restored
