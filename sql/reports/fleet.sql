-- The computers of a capture by system, model, age of their enrolment and last contact. Parameters: integration_id,
-- capture_id, now. Grain: one value of one dimension. An age is the number of limits that it has reached (0: younger than the
-- first; null: not known): 30, 90, 365, 730, 1460 days since enrolment, 1, 7, 30, 90 since the last contact. Personally-owned
-- ones, and those that cannot be used, are left out.
with computers as (
  select computer.described ->> 'operating_system' as system,
         computer.described ->> 'os_version' as os_version, computer.described ->> 'model' as model,
         width_bucket(extract(epoch from %(now)s::timestamptz - computer.enrolled_at) / 86400,
                      array[30, 90, 365, 730, 1460]::numeric[]) as enrolment,
         width_bucket(extract(epoch from %(now)s::timestamptz - contact.last_contact_at) / 86400,
                      array[1, 7, 30, 90]::numeric[]) as contact
  from jamf_sync.jamf_computers_at(%(integration_id)s, %(capture_id)s) as computer
  left join jamf_sync.jamf_computer_contacts as contact
    on contact.integration_id = %(integration_id)s and contact.jamf_id = computer.jamf_id
  where computer.is_usable and computer.is_personally_owned is not true
)
select case when grouping(os_version) = 0 then 'system'
            when grouping(model) = 0 then 'model'
            when grouping(enrolment) = 0 then 'enrolment'
            when grouping(contact) = 0 then 'contact'
            else 'all' end as dimension,
       system, os_version, model, enrolment, contact, count(*) as computers
from computers
group by grouping sets ((system, os_version), (model), (enrolment), (contact), ())
order by computers desc
