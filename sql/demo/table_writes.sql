-- Rows written to M.O.S.S.'s core tables since the server's statistics began, as PostgreSQL itself counts them.
-- Reads pg_stat_user_tables; a backend's own counts arrive there when it ends. Grain: one table.
select relname as name, n_tup_ins as inserted, n_tup_upd as updated, n_tup_del as deleted
from pg_stat_user_tables
where schemaname = 'public'
  and relname in ('devices', 'people', 'ios', 'locations', 'rooms', 'groups', 'group_members')
order by array_position(array['locations', 'rooms', 'people', 'devices', 'ios', 'groups', 'group_members'], relname::text)
