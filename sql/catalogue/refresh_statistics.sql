-- Renews the statistics of a table of jamf_sync. Parameters: table (schema.name). Only an owner may ANALYZE; the function has its rights.
select jamf_sync.refresh_statistics(%(table)s::regclass)
