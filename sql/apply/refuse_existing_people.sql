-- Refuses to create people whom M.O.S.S. has by now, by e-mail or user name. Parameters: plan_id, first_row, last_row.
-- Whom the plan knew and took for somebody else (details.others) is not meant, nor whom it creates itself: users who
-- share a mailbox are people of their own.
with pending as (
  select row_id, coalesce(details -> 'others', '[]') as others,
         jamf_sync.match_key(after ->> 'email_address') as email_key,
         jamf_sync.match_key(after ->> 'username') as username_key
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'person' and action = 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
existing as materialized (
  select person.id::text, jamf_sync.match_key(person.email_address) as email_key,
         jamf_sync.match_key(person.username) as username_key
  from moss_contract.people() as person
  where not exists (
    select from jamf_sync.change_plan as created
    where created.plan_id = %(plan_id)s and created.object_type = 'person' and created.action = 'create'
      and created.object_id = person.id)
),
refused as (
  select row_id from pending join existing using (email_key) where not pending.others ? existing.id
  union
  select row_id from pending join existing using (username_key) where not pending.others ? existing.id
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'A person with this e-mail address or user name exists by now.'
from refused
where change.row_id = refused.row_id
  and change.row_id between %(first_row)s and %(last_row)s
