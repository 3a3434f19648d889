-- Switches an integration on; M.O.S.S.'s own pages cannot, once it exists. Parameters: integration_id.
-- One that is on already is not touched: every UPDATE shows as a change in M.O.S.S.
update public.integration_configs set is_enabled = true
where id = %(integration_id)s and not is_enabled
