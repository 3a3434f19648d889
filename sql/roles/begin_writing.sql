-- Lets the rest of a transaction write M.O.S.S. under a role ('none': the log-in's own), and times as M.O.S.S. itself does:
-- its core tables have columns without a zone, filled by CURRENT_TIMESTAMP in the zone of the session that writes (its web
-- application sets none). That is the zone that the database, or the log-in that owns M.O.S.S.'s tables, was given by ALTER
-- DATABASE or ALTER ROLE, where PostgreSQL lets the role go first; else the server's, which is what this session had at its
-- log-in. A log-in of ours that has a zone of its own hides it: then it is the zone of the server's log, which initdb sets alike.
-- What stands in the schema public is not found without it (moss_contract.open_public).
-- Reads the catalogue only, which needs no right. Parameters: role. Yields one row: the zone.
with given as (
  select pg_catalog.substr(setting.text, pg_catalog.length('timezone=') + 1) as zone,
         held.setrole <> 0 as is_of_role, held.setdatabase <> 0 as is_of_database
  from pg_catalog.pg_db_role_setting as held
  cross join pg_catalog.unnest(held.setconfig) as setting(text)
  left join pg_catalog.pg_namespace as public on public.nspname = 'public'
  left join pg_catalog.pg_class as devices
    on devices.relnamespace = public.oid and devices.relname = 'devices'
  left join pg_catalog.pg_database as here on here.datname = pg_catalog.current_database()
  where pg_catalog.lower(setting.text collate "C") like 'timezone=%%'
    and (held.setrole = 0 or held.setrole = devices.relowner)
    and (held.setdatabase = 0 or held.setdatabase = here.oid)
),
own as (
  select pg_catalog.count(*) > 0 as is_hidden
  from pg_catalog.pg_db_role_setting as held
  cross join pg_catalog.unnest(held.setconfig) as setting(text)
  join pg_catalog.pg_roles as log_in on log_in.oid = held.setrole and log_in.rolname = session_user
  left join pg_catalog.pg_database as here on here.datname = pg_catalog.current_database()
  where pg_catalog.lower(setting.text collate "C") like 'timezone=%%'
    and (held.setdatabase = 0 or held.setdatabase = here.oid)
)
select pg_catalog.set_config('timezone', coalesce(
  (select zone from given order by is_of_role desc, is_of_database desc limit 1),
  (select reset_val from pg_catalog.pg_settings
   where name = case when (select is_hidden from own) then 'log_timezone' else 'TimeZone' end)), true) as zone,
       pg_catalog.set_config('role', %(role)s, true) as role,
       pg_catalog.set_config('search_path', 'pg_catalog', true) as path
