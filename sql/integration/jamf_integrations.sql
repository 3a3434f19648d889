-- Every integration of type jamf. Takes nothing. Grain: one row of M.O.S.S.'s; a handful at most.
-- Which one is meant is decided in Python, as M.O.S.S.'s pages save names escaped and an environment may narrow the choice.
select id, name, is_enabled, config, sync_schedule, auto_sync_enabled, sync_settings, environment, access_scope
from moss_contract.integration_configs()
where integration_type = 'jamf'
order by name
