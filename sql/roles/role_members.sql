-- Who is a member of a role. Parameters: name. Grain: one member; none if there is no such role.
select member.rolname::text as name
from pg_roles as role
join pg_auth_members as membership on membership.roleid = role.oid
join pg_roles as member on member.oid = membership.member
where role.rolname = %(name)s
group by member.rolname
order by member.rolname
