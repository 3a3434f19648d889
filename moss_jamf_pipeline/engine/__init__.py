"""The sync as plain steps: what meets JAMF, staging and M.O.S.S. Knows neither Dagster nor a command line."""
