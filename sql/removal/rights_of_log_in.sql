-- What somebody was given by name on M.O.S.S.'s tables, the schema public and this database, beyond what
-- belongs to him: an administrator gave it for the sync, or for something else. Parameters: log_in.
-- Grain: one table, schema or database. Yields privilege, kind and identity as REVOKE takes them. To connect to
-- the database is no right that the sync was given.
with role as (
  select oid from pg_roles where rolname = %(log_in)s
),
held as (
  select 2 as place, 'all' as privilege, 'table' as kind, format('%%I.%%I', namespace.nspname, relation.relname) as identity
  from pg_class as relation
  join pg_namespace as namespace on namespace.oid = relation.relnamespace and namespace.nspname = 'public'
  cross join role
  where relation.relowner <> role.oid
    and (exists (select from aclexplode(relation.relacl) as acl where acl.grantee = role.oid)
         or exists (select from pg_attribute as attribute
                    cross join lateral aclexplode(attribute.attacl) as acl
                    where attribute.attrelid = relation.oid and acl.grantee = role.oid))
  union all
  select 1, 'all', 'schema', format('%%I', namespace.nspname)
  from pg_namespace as namespace
  cross join role
  where namespace.nspname = 'public' and namespace.nspowner <> role.oid
    and exists (select from aclexplode(namespace.nspacl) as acl where acl.grantee = role.oid)
  union all
  select 0, 'create', 'database', format('%%I', here.datname)
  from pg_database as here
  cross join role
  where here.datname = current_database() and here.datdba <> role.oid
    and exists (select from aclexplode(here.datacl) as acl
                where acl.grantee = role.oid and acl.privilege_type = 'CREATE')
)
select privilege, kind, identity from held order by place, identity
