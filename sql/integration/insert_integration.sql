-- Creates the row of a JAMF integration unless it exists. Parameters: name, config.
insert into moss_contract.integration_configs (integration_type, name, is_enabled, config, sync_schedule, auto_sync_enabled)
values ('jamf', %(name)s, true, %(config)s, '0 */6 * * *', true)
on conflict (integration_type, name) do nothing
