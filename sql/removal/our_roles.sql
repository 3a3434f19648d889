-- Which of some roles the server has, and who else needs them. Parameters: names (text[]).
-- Grain: one role. Yields name, is_used_here (it has rights or objects in this database), elsewhere
-- (the other databases in which it has) and owns (what it owns here outside of the pipeline's schemas,
-- which is nobody's intention). Reads the catalogue of the whole server, which needs no right.
select role.rolname::text as name,
       coalesce(bool_or(held.dbid = here.oid
         or held.dbid = 0 and held.classid = 'pg_database'::regclass and held.objid = here.oid), false)
         as is_used_here,
       coalesce(array_agg(distinct other.datname::text order by other.datname::text)
         filter (where other.oid is not null), '{}') as elsewhere,
       coalesce(array_agg(distinct pg_describe_object(held.classid, held.objid, held.objsubid))
         filter (where held.deptype = 'o' and held.dbid = here.oid), '{}') as owns
from pg_roles as role
cross join (select oid from pg_database where datname = current_database()) as here
left join pg_shdepend as held
  on held.refclassid = 'pg_authid'::regclass and held.refobjid = role.oid
left join pg_database as other
  on other.oid <> here.oid
 and (other.oid = held.dbid
      or held.dbid = 0 and held.classid = 'pg_database'::regclass and other.oid = held.objid)
where role.rolname = any (%(names)s)
group by role.oid, role.rolname
order by role.rolname
