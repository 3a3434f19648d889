-- Notes that the links of an integration were made again. Parameters: integration_id. Under the writing role.
select moss_contract.note_links_made(%(integration_id)s)
