-- The columns of the tables that may be M.O.S.S.'s. Grain: one column.
-- From pg_catalog: information_schema would leave out what this role has no right to, and that is another finding.
select class.relname as table, attribute.attname as column
from pg_class as class
join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p', 'v')
