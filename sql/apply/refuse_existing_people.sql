-- Refuses to create people whom M.O.S.S. has by now, by e-mail or user name. Parameters: plan_id, first_row, last_row.
with pending as (
  select row_id, jamf_sync.match_key(after ->> 'email_address') as email_key,
         jamf_sync.match_key(after ->> 'username') as username_key
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'person' and action = 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
existing as materialized (
  select jamf_sync.match_key(email_address) as email_key, jamf_sync.match_key(username) as username_key
  from moss_contract.people()
),
refused as (
  select row_id from pending join existing using (email_key)
  union
  select row_id from pending join existing using (username_key)
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'A person with this e-mail address or user name exists by now.'
from refused
where change.row_id = refused.row_id
