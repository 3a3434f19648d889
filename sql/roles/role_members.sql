-- Who is a member of a role that no other database of the server uses. Parameters: name. Grain: one member; none if there is no such role.
select member.rolname::text as name
from pg_roles as role
join pg_auth_members as membership on membership.roleid = role.oid
join pg_roles as member on member.oid = membership.member
where role.rolname = %(name)s
  and not exists (
    select from pg_shdepend as held
    where held.refclassid = 'pg_authid'::regclass and held.refobjid = role.oid and held.dbid <> 0
      and held.dbid <> (select oid from pg_database where datname = current_database()))
group by member.rolname
order by member.rolname
