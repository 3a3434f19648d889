-- What of others would be dropped with some schemas, because it is built on what is in them: a view over
-- one of our tables, say. Parameters: schemas (text[]). Grain: one object. Yields what, as PostgreSQL
-- describes it. A rule is told as its view, and what hangs on a table (a trigger, a default) as itself.
with schemas as (
  select oid from pg_namespace where nspname = any (%(schemas)s)
),
ours as (
  select 'pg_class'::regclass as classid, oid from pg_class where relnamespace in (select oid from schemas)
  union all
  select 'pg_proc'::regclass, oid from pg_proc where pronamespace in (select oid from schemas)
  union all
  select 'pg_type'::regclass, oid from pg_type where typnamespace in (select oid from schemas)
),
dependents as (
  select distinct dependency.classid, dependency.objid, dependency.objsubid
  from ours
  join pg_depend as dependency
    on dependency.refclassid = ours.classid and dependency.refobjid = ours.oid
  where dependency.deptype in ('n', 'a')
)
select pg_describe_object(
         case when rule.oid is null then dependents.classid else 'pg_class'::regclass end,
         coalesce(rule.ev_class, dependents.objid),
         case when rule.oid is null then dependents.objsubid else 0 end) as what
from dependents
left join pg_rewrite as rule
  on dependents.classid = 'pg_rewrite'::regclass and rule.oid = dependents.objid
left join pg_constraint as rule_of_data
  on dependents.classid = 'pg_constraint'::regclass and rule_of_data.oid = dependents.objid
left join pg_trigger as trigger
  on dependents.classid = 'pg_trigger'::regclass and trigger.oid = dependents.objid
left join pg_attrdef as fallback
  on dependents.classid = 'pg_attrdef'::regclass and fallback.oid = dependents.objid
left join pg_policy as policy
  on dependents.classid = 'pg_policy'::regclass and policy.oid = dependents.objid
left join pg_class as relation
  on relation.oid = coalesce(rule.ev_class, rule_of_data.conrelid, trigger.tgrelid, fallback.adrelid,
       policy.polrelid, case when dependents.classid = 'pg_class'::regclass then dependents.objid end)
left join pg_proc as routine
  on dependents.classid = 'pg_proc'::regclass and routine.oid = dependents.objid
left join pg_type as type
  on dependents.classid = 'pg_type'::regclass and type.oid = dependents.objid
where coalesce(relation.relnamespace, routine.pronamespace, type.typnamespace) is not null
  and coalesce(relation.relnamespace, routine.pronamespace, type.typnamespace)
      not in (select oid from schemas)
group by what
order by what
