-- How much is to be read, and since when most of it was reported. Parameters: integration_id. Yields one row.
-- `since` is the newest report date that was stored before, on JAMF's own clock, but for one in a thousand: a single Mac that
-- reported from the future would else hide what all others reported since. A moment in whole seconds, as filters take it.
with known as (
  select date_trunc('second', percentile_disc(0.999) within group (order by contact.reported_at)) as since
  from listed_records as listed
  join jamf_sync.jamf_computer_contacts as contact
    on contact.integration_id = %(integration_id)s and contact.jamf_id = listed.jamf_id
)
select count(listed.jamf_id) as listed, count(wanted.jamf_id) as wanted, known.since,
       count(*) filter (where listed.reported_at >= known.since) as reported_since,
       count(wanted.jamf_id) filter (where listed.reported_at >= known.since) as wanted_since
from known
left join listed_records as listed on true
left join wanted_records as wanted on wanted.jamf_id = listed.jamf_id
group by known.since
