-- Whether somebody follows the schedule, as Dagster's own tables tell it: what its API answers
-- from too (shown by tests/services/test_automation.py). Parameters: sensor (its name).
-- Yields one row: when a daemon last gave a sign of life (the column `timestamp` follows the zone of
-- the session that wrote it, the body does not), and whether somebody switched the sensor off.
select (select to_timestamp(max((heartbeat.body::jsonb ->> 'timestamp')::float8))
        from daemon_heartbeats as heartbeat) as last_sign_of_life,
       exists (
         select from instigators as instigator
         where instigator.instigator_type = 'SENSOR' and instigator.status = 'STOPPED'
           and instigator.instigator_body::jsonb #>> '{origin,job_name}' = %(sensor)s
       ) as is_switched_off
