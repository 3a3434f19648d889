-- Serial numbers that several computers of a capture carry. Parameters: integration_id, capture_id.
-- Grain: one serial number, with the host names of the computers.
select serial_number, string_agg(hostname, ', ' order by jamf_sync.jamf_id_order(jamf_id)) as hostnames,
       count(*) as computers, string_agg(jamf_id, ', ' order by jamf_sync.jamf_id_order(jamf_id)) as jamf_ids
from jamf_sync.jamf_computers_at(%(integration_id)s, %(capture_id)s)
where is_usable
group by serial_number having count(*) > 1
order by serial_number
