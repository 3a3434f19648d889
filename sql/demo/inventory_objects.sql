-- The objects of M.O.S.S. of one type, as the demo's own pages list them. Parameters: object_type, sought (part of a name; null: all),
-- row_limit, row_offset. Reads the contract. Grain: one object; `total` is how many there are, however many are asked for.
with objects as (
  select 'device' as object_type, id, hostname as label, concat_ws(' · ', serial_number, model) as remark
  from moss_contract.devices()
  union all
  select 'person', id, full_name, concat_ws(' · ', email_address, job_title) from moss_contract.people()
  union all
  select 'group', id, name, group_type from moss_contract.groups()
)
select id, label, remark, count(*) over () as total
from objects
where object_type = %(object_type)s
  and (%(sought)s::text is null or strpos(jamf_sync.folded(concat_ws(' ', label, remark)), jamf_sync.folded(%(sought)s::text)) > 0)
order by label, id
limit %(row_limit)s offset %(row_offset)s
