-- How many other sessions of this application are connected to this database. No parameters.
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'moss-jamf' and pid <> pg_backend_pid()
