-- Forgets requests that nobody sends again. Writes requested_runs. Parameters: days.
delete from jamf_sync.requested_runs where requested_at < now() - make_interval(days => %(days)s)
