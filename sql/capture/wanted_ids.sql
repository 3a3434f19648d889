-- The computers that have to be read whole. Grain: one JAMF id.
select jamf_id from wanted_records
