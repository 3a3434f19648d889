-- What of the pipeline's own schemas belongs to a role that this log-in does not have the rights of: whoever makes the contract anew and
-- migrates jamf_sync has to own it. Parameters: schemas (text[]). Grain: one schema, table, view, sequence or function; schemas first.
-- Yields kind and identity as ALTER ... OWNER TO takes them, and owner. A sequence of a column goes with its table.
with schemas as (
  select oid, nspname, nspowner from pg_namespace where nspname = any (%(schemas)s)
),
sequences_of_columns as (
  select distinct dependency.objid as sequence_id
  from pg_depend as dependency
  where dependency.classid = 'pg_class'::regclass and dependency.refclassid = 'pg_class'::regclass
    and dependency.deptype in ('a', 'i')
),
objects as (
  select 1 as place, 'schema' as kind, format('%%I', nspname) as identity, nspowner as owner from schemas
  union all
  select 2, case relation.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end,
         format('%%I.%%I', schemas.nspname, relation.relname), relation.relowner
  from schemas
  join pg_class as relation on relation.relnamespace = schemas.oid
  left join sequences_of_columns as owned on owned.sequence_id = relation.oid
  where relation.relkind in ('r', 'p', 'v') or relation.relkind = 'S' and owned.sequence_id is null
  union all
  select 3, 'function', routine.oid::regprocedure::text, routine.proowner
  from schemas
  join pg_proc as routine on routine.pronamespace = schemas.oid and routine.prokind = 'f'
)
select objects.kind, objects.identity, pg_get_userbyid(objects.owner)::text as owner
from objects
where not pg_has_role(current_user, objects.owner, 'USAGE')
order by objects.place, objects.identity
