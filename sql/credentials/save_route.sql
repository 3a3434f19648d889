-- Sets how the JAMF server of an integration is reached and leaves the rest of its configuration.
-- Writes integration_configs. Parameters: integration_id, keys (all that this may set), route (those that are set).
-- A row that says the same already is not touched: every UPDATE shows as a change in M.O.S.S.
update public.integration_configs
set config = (config - %(keys)s::text[]) || %(route)s::jsonb
where id = %(integration_id)s and config is distinct from (config - %(keys)s::text[]) || %(route)s::jsonb
