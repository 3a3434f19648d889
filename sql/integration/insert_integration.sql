-- Creates the row of a JAMF integration, enabled and scheduled, unless it exists. Parameters: name, config, sync_schedule.
insert into public.integration_configs (integration_type, name, is_enabled, config, sync_schedule, auto_sync_enabled)
values ('jamf', %(name)s, true, %(config)s, %(sync_schedule)s, true)
on conflict (integration_type, name) do nothing
