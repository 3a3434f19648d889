-- Which of some runs are alive, as their locks (history/hold_run) say. Parameters: run_ids (text[]).
-- Grain: one run that somebody holds. Only looks: whoever took the lock to see whether it is free
-- could keep a run that begins from taking it.
select asked.run_id
from (
  select run_id, hashtextextended('moss_jamf run ' || run_id, 0) as key
  from unnest(%(run_ids)s::text[]) as run_id
) as asked
join pg_locks as held
  on held.locktype = 'advisory' and held.objsubid = 1 and held.granted
 and (held.classid::bigint << 32) | held.objid::bigint = asked.key
where held.database = (select oid from pg_database where datname = current_database())
group by asked.run_id
