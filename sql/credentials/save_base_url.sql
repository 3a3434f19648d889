-- Sets the JAMF server of an integration and leaves the rest of its configuration. Parameters: integration_id, base_url.
-- A row that names the server already is not touched: every UPDATE shows as a change in M.O.S.S.
update public.integration_configs
set config = jsonb_set(config, '{base_url}', to_jsonb(%(base_url)s::text))
where id = %(integration_id)s and config ->> 'base_url' is distinct from %(base_url)s
