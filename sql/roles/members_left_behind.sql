-- Who may take on a former role of this database and not the one that follows it, though another database of the server uses the
-- former one as well: whose log-ins they are, that one's or this one's, nobody can tell. Parameters: name, successor.
-- Grain: one member; none where no other database uses the former role, or there is none.
select member.rolname::text as name
from pg_roles as role
join pg_auth_members as membership on membership.roleid = role.oid
join pg_roles as member on member.oid = membership.member
where role.rolname = %(name)s
  and exists (
    select from pg_shdepend as held
    where held.refclassid = 'pg_authid'::regclass and held.refobjid = role.oid and held.dbid <> 0
      and held.dbid <> (select oid from pg_database where datname = current_database()))
  and not pg_has_role(member.oid, %(successor)s, 'MEMBER')
group by member.rolname
order by member.rolname
