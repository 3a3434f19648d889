-- Notes that the credentials of an integration are new. Parameters: integration_id. Writes saved_credentials.
insert into jamf_sync.saved_credentials (integration_id)
values (%(integration_id)s)
on conflict (integration_id) do update set saved_at = now()
