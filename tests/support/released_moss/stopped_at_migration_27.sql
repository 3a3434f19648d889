-- Takes a released M.O.S.S. back to where its own migration runner stops on a fresh database: at the second file numbered 027.
-- There are no encryption keys yet. Whether the columns of integration_configs are there is not certain: they are taken
-- away too, so that what works here works either way. No parameters.

drop table encryption_keys;
alter table integration_configs
  drop column environment, drop column tenant_subdomain, drop column is_sandbox, drop column access_scope;
delete from schema_migrations where migration_number > 27;
