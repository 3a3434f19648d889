-- The two roles the pipeline works under, and whether this log-in may take them on. Parameters: names (text[]).
-- Grain: one role. From version 16 on membership alone does not allow SET ROLE.
select wanted.name, role.oid is not null as is_there,
       role.oid is not null and pg_has_role(current_user, role.oid,
         case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end) as may_be_set,
       role.oid is not null and has_database_privilege(role.oid, current_database(), 'TEMPORARY') as has_temporary
from unnest(%(names)s::text[]) as wanted (name)
left join pg_roles as role on role.rolname = wanted.name
order by wanted.name
