-- The devices that an integration links, and how each stands: by host name and serial number, of
-- those that changed the latest first. Parameters: integration_id, without_person, unenrolled,
-- in_conflict (each: only those; false does not narrow down), changed_since (or null: only those
-- that a sync changed since then), username_domains, ignored_usernames (text[] both: who is
-- nobody), row_limit (or null), row_offset. Grain: one device; `total`: how many there are, however
-- many are asked for. `named_user` is whom JAMF names, `person_outcome` what matching found for
-- that user. Personally-owned devices are left out. Goes once through the fleet: who asks for a
-- list asks for one of it. What changed is looked for in the plans of which something was settled
-- since. Indexes: change_plan_rows, conflicts_open_by_object.
with known as materialized (
  select device.id, jamf_sync.unescaped(device.hostname) as hostname,
         jamf_sync.unescaped(device.serial_number) as serial_number, device.assigned_to_person_id,
         mapping.external_id, mapping.sync_status,
         mapping.external_id like '%% (former link %%' as is_former
  from moss_contract.integration_object_mappings() as mapping
  join moss_contract.devices() as device on device.id = mapping.internal_id
  where mapping.integration_config_id = %(integration_id)s and mapping.internal_type = 'device'
    and (not %(without_person)s or device.assigned_to_person_id is null)
    and (not %(unenrolled)s or mapping.sync_status = 'deleted_external')
),
open_conflicts as materialized (
  select object_id, count(*) as conflicts, array_agg(distinct kind) as kinds
  from jamf_sync.conflicts
  where integration_id = %(integration_id)s and status = 'open' and object_type = 'device'
    and object_id is not null
  group by object_id
),
recent_plans as materialized (
  select distinct plan.plan_id
  from jamf_sync.plans as plan
  join jamf_sync.outcome_counts as counts on counts.plan_id = plan.plan_id
  where plan.integration_id = %(integration_id)s and counts.settled_at >= %(changed_since)s
    and counts.outcome = 'applied' and counts.object_type in ('device', 'mapping')
),
changes as materialized (
  select change.object_id, max(change.applied_at) as changed_at,
         (array_agg(change.row_id order by change.row_id desc))[1] as row_id
  from recent_plans
  join jamf_sync.change_plan as change on change.plan_id = recent_plans.plan_id
  where change.object_type in ('device', 'mapping') and change.outcome = 'applied'
    and change.applied_at >= %(changed_since)s and change.action not in ('agree')
    and (change.object_type = 'device' or change.label = 'device' and change.action <> 'update')
  group by change.object_id
),
chosen as materialized (
  select known.*, conflict.conflicts, conflict.kinds, changes.changed_at, changes.row_id
  from known
  left join open_conflicts as conflict on conflict.object_id = known.id
  left join changes on changes.object_id = known.id
  left join jamf_sync.raw_jamf as raw
    on raw.collection in ('computers', 'mobile_devices') and raw.integration_id = %(integration_id)s
   and raw.jamf_id = known.external_id and raw.valid_to_capture is null
  left join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = raw.version_id
  where (not %(in_conflict)s or conflict.object_id is not null)
    and (%(changed_since)s::timestamptz is null or changes.object_id is not null)
    and computer.is_personally_owned is not true
),
page as (
  select chosen.*, count(*) over () as total
  from chosen
  order by changed_at desc nulls last, hostname nulls last, serial_number, id
  limit %(row_limit)s offset %(row_offset)s
),
users as (
  -- Whom JAMF names on the Macs of the page.
  select page.id as device_id, match.person_id, computer.full_name, computer.username,
         computer.email,
         jamf_sync.plain_username(jamf_sync.match_key(computer.username), %(username_domains)s)
           as username_key,
         jamf_sync.match_key(computer.email) as email_key
  from page
  join jamf_sync.device_matches as match
    on match.integration_id = %(integration_id)s and match.jamf_id = page.external_id
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
),
named_people as (
  select distinct on (users.device_id) users.device_id, source.outcome
  from users
  join jamf_sync.person_matches as source
    on source.integration_id = %(integration_id)s
   and (source.username_key = users.username_key or source.email_key = users.email_key)
  where users.person_id is null
  order by users.device_id, source.outcome in ('contradicted', 'ambiguous') desc, source.external_id
)
select page.id as object_id, page.hostname, page.serial_number, page.external_id, page.sync_status,
       page.is_former, jamf_sync.unescaped(person.full_name) as person,
       coalesce(users.full_name, users.username, users.email) as named_user,
       users.person_id as named_person_id,
       jamf_sync.is_nobody(users.username_key, %(ignored_usernames)s) as is_system_account,
       users.device_id is not null as is_matched, named.outcome as person_outcome,
       coalesce(page.conflicts, 0) as conflicts, coalesce(page.kinds, '{}') as kinds,
       page.changed_at, latest.plan_id, latest.action,
       array(select jsonb_object_keys(latest.after)) as fields, page.total
from page
left join moss_contract.people() as person on person.id = page.assigned_to_person_id
left join users on users.device_id = page.id
left join named_people as named on named.device_id = page.id
left join jamf_sync.change_plan as latest on latest.row_id = page.row_id
order by page.changed_at desc nulls last, page.hostname nulls last, page.serial_number, page.id
