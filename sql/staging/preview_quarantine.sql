-- What a snapshot holds back and why, commonest first. Parameters: integration_id, collection, capture_id. Grain: one reason.
select held.reason, held.field, held.is_whole_record, count(*) as objects, min(held.jamf_id) as example, min(held.detail) as detail
from jamf_sync.quarantine as held
left join jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw on raw.version_id = held.version_id
where held.integration_id = %(integration_id)s and held.collection = %(collection)s
  and (raw.version_id is not null or held.capture_id = %(capture_id)s)
group by held.reason, held.field, held.is_whole_record
order by held.is_whole_record desc, objects desc
limit 25
