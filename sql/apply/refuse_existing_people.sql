-- Refuses to create people whom M.O.S.S. has by now, by e-mail or user name. Parameters: plan_id, first_row, last_row.
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'A person with this e-mail address or user name exists by now.'
where change.plan_id = %(plan_id)s and change.object_type = 'person' and change.action = 'create' and change.outcome is null
  and change.row_id between %(first_row)s and %(last_row)s
  and (jamf_sync.match_key(change.after ->> 'email_address') in (
         select jamf_sync.match_key(email_address) from moss_contract.people() where email_address is not null)
    or jamf_sync.match_key(change.after ->> 'username') in (
         select jamf_sync.match_key(username) from moss_contract.people() where username is not null))
