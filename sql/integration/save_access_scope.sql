-- Saves to what an integration is confined. Writes integration_configs. Parameters: integration_id, access_scope (jsonb).
update public.integration_configs
set access_scope = %(access_scope)s
where id = %(integration_id)s and access_scope is distinct from %(access_scope)s::jsonb
