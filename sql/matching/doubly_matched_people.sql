-- People whom two JAMF users would write. Parameters: integration_id. Grain: one person, with a name.
select min(coalesce(full_name, username, email)) as name, count(*) as sources,
       string_agg(external_type || ' ' || external_id, ', ') as jamf_ids, person_id
from jamf_sync.person_matches
where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched', 'create')
group by person_id having count(*) > 1
