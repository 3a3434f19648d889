-- Which of the pipeline's schemas a database has. Parameters: schemas (text[]).
-- Grain: one schema. Yields name, owner, may_drop (whether this log-in has the owner's rights), tables (how
-- many) and bytes (of these, with indexes).
select namespace.nspname::text as name, pg_get_userbyid(namespace.nspowner)::text as owner,
       pg_has_role(current_user, namespace.nspowner, 'USAGE') as may_drop,
       count(relation.oid) as tables,
       coalesce(sum(pg_total_relation_size(relation.oid)), 0)::bigint as bytes
from pg_namespace as namespace
left join pg_class as relation
  on relation.relnamespace = namespace.oid and relation.relkind in ('r', 'p')
where namespace.nspname = any (%(schemas)s)
group by namespace.oid
order by namespace.nspname
