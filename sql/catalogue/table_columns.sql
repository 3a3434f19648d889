-- The columns of tables, views and relations of the contract, which are functions.
-- Parameters: tables (schema.name, as an array). Grain: one column. Reads the catalogue only.
with wanted as (
  select unnest(%(tables)s::text[]) as relation
),
columns as (
  select wanted.relation, attribute.attnum as place, attribute.attname::text as name,
         format_type(attribute.atttypid, attribute.atttypmod) as type,
         not attribute.attnotnull as is_nullable,
         col_description(attribute.attrelid, attribute.attnum) as description
  from wanted
  join pg_attribute as attribute on attribute.attrelid = to_regclass(wanted.relation)
  where attribute.attnum > 0 and not attribute.attisdropped
),
arguments as (
  select wanted.relation, argument.place, argument.name, format_type(argument.type, null) as type,
         true as is_nullable, null::text as description
  from wanted
  join pg_proc as function on function.oid = to_regproc(wanted.relation)
  cross join unnest(function.proargnames, function.proallargtypes, function.proargmodes)
    with ordinality as argument (name, type, mode, place)
  where to_regclass(wanted.relation) is null and argument.mode = 't'
)
select relation, place, name, type, is_nullable, description from columns
union all
select relation, place, name, type, is_nullable, description from arguments
order by relation, place
