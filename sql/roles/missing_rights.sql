-- What is lacking of the rights that the sync needs outside its own schemas: on the server, the database, its schema public and
-- M.O.S.S.'s tables. Parameters: wanted (jsonb array of role, relation, column or null, privilege), roles (text[]: the two roles),
-- owner (of the contract), installs (whether the owner is to make schemas).
-- Grain: one right. Yields what (role, membership, database, schema or table), role, privilege, relation, column.
-- A relation or column that does not exist is another finding, not a missing right; a role that does not exist has none.
with pipeline_roles as (
  select wanted.name, role.oid
  from unnest(%(roles)s::text[]) as wanted (name)
  left join pg_roles as role on role.rolname = wanted.name
),
holders as (
  select name, oid from pipeline_roles
  union all
  select rolname, oid from pg_roles where rolname = %(owner)s
),
tables as (
  -- Not by to_regclass: without a right to use the schema it is an error to ask.
  select wanted.role, upper(wanted.privilege collate "C") as privilege, wanted.relation, wanted.column, holder.oid,
         class.oid as table_id, attribute.attnum is not null as has_column
  from jsonb_to_recordset(%(wanted)s) as wanted (role text, relation text, "column" text, privilege text)
  left join pg_class as class
    on class.relname = split_part(wanted.relation, '.', 2) and class.relnamespace = 'public'::regnamespace
  left join pg_attribute as attribute
    on attribute.attrelid = class.oid and attribute.attname = wanted.column and attribute.attnum > 0
   and not attribute.attisdropped
  left join holders as holder on holder.name = wanted.role
)
select 1 as place, 'database' as what, %(owner)s::text as role, 'CREATE' as privilege, null as relation, null as column
where %(installs)s and not has_database_privilege(%(owner)s, current_database(), 'CREATE')
union all
select 2, 'role', name, 'CREATE', null, null from pipeline_roles where oid is null
union all
-- From version 16 on membership alone does not allow SET ROLE.
select 3, 'membership', name, 'SET', null, null from pipeline_roles
where oid is null or not pg_has_role(current_user, oid,
  case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end)
union all
select 4, 'database', name, 'TEMPORARY', null, null from pipeline_roles
where oid is not null and not has_database_privilege(oid, current_database(), 'TEMPORARY')
   or oid is null and not has_database_privilege('public', current_database(), 'TEMPORARY')
union all
select 5, 'schema', name, 'USAGE', null, null from holders
where oid is not null and not has_schema_privilege(oid, 'public', 'USAGE')
   or oid is null and not has_schema_privilege('public', 'public', 'USAGE')
union all
select 6, 'table', role, privilege, relation, "column" from tables
where table_id is not null
  and case
    when "column" is null then oid is null or not has_table_privilege(oid, table_id, privilege)
    else has_column and (oid is null or not has_column_privilege(oid, table_id, "column", privilege))
  end
order by place, relation, role, privilege, "column"
