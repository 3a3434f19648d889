-- What the two roles may do to the tables of the schema public and have no business with: an earlier version of the pipeline, or of the
-- ownership table, gave it. Parameters: wanted (jsonb array of role, relation, column or null, privilege), roles (text[]).
-- Grain: one right. Yields role, privilege, relation, column.
with wanted as (
  select * from jsonb_to_recordset(%(wanted)s) as wanted (role text, relation text, "column" text, privilege text)
),
held as (
  select class.oid, class.relname, null::name as attname, acl.grantee, acl.privilege_type
  from pg_class as class
  cross join lateral aclexplode(class.relacl) as acl
  where class.relnamespace = 'public'::regnamespace
  union all
  select class.oid, class.relname, attribute.attname, acl.grantee, acl.privilege_type
  from pg_class as class
  join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
  cross join lateral aclexplode(attribute.attacl) as acl
  where class.relnamespace = 'public'::regnamespace
)
select role.rolname::text as role, held.privilege_type as privilege, 'public.' || held.relname as relation, held.attname::text as column
from held
join pg_roles as role on role.oid = held.grantee and role.rolname = any (%(roles)s)
where not exists (
  select from wanted
  where wanted.role = role.rolname and wanted.relation = 'public.' || held.relname and wanted.column is not distinct from held.attname::text
    and upper(wanted.privilege collate "C") = held.privilege_type)
order by relation, role, privilege, "column"
