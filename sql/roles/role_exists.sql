-- Whether the server has a role. Parameters: name.
select exists (select from pg_roles where rolname = %(name)s)
