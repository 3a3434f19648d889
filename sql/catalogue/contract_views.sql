-- The views and tables of the contract. Grain: one of them.
select relname as name from pg_class
where relnamespace = to_regnamespace('moss_contract') and relkind in ('v', 'r')
order by relname
