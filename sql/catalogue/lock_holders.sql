-- Who works on tables of M.O.S.S. in a transaction that is still open, and so may hold what we wait
-- for. Parameters: tables (text[]). Grain: one session and table. Rows that are locked are not in
-- pg_locks, only who is at work on the table. `is_whole_table`: the session holds, or waits for, a
-- lock under which nobody writes the table; we would wait behind both. What another log-in does and
-- since when is hidden from ours; who it is, is not.
select session.pid, max(activity.usename) as log_in, max(activity.application_name) as application,
       min(activity.xact_start) as since, class.relname as table_name,
       bool_or(session.mode not in ('RowShareLock', 'RowExclusiveLock')) as is_whole_table
from pg_locks as session
join pg_class as class on class.oid = session.relation
left join pg_stat_activity as activity on activity.pid = session.pid
where session.locktype = 'relation' and session.pid <> pg_backend_pid()
  and session.database = (select oid from pg_database where datname = current_database())
  and class.relnamespace = 'public'::regnamespace and class.relname = any (%(tables)s)
  and session.mode in (
    'RowShareLock', 'RowExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
    'AccessExclusiveLock')
group by session.pid, class.relname
order by is_whole_table desc, since nulls last, session.pid
