-- Marks a run as alive for as long as this session lives. Parameters: run_id.
-- Shared, so that several processes of one run may hold it; who asks whether the run is dead (close_history_of_dead_runs) tries to take it
-- alone. PostgreSQL frees the lock when the session ends: at once when a process is killed, after a minute and a half of
-- unanswered keep-alives when its machine is gone. Nothing else may end an idle session.
select set_config('idle_session_timeout', '0', false),
       set_config('tcp_keepalives_idle', '60', false),
       set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false),
       pg_advisory_lock_shared(hashtextextended('moss_jamf run ' || %(run_id)s, 0))
