-- The columns of a table or view. Parameters: table (schema.name).
select attribute.attname as name, format_type(attribute.atttypid, attribute.atttypmod) as type,
       not attribute.attnotnull as is_nullable, col_description(attribute.attrelid, attribute.attnum) as description
from pg_attribute as attribute
where attribute.attrelid = %(table)s::regclass and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attnum
