-- What this M.O.S.S. cannot do that the strategy takes for granted, and what is done instead. Grain: one capability.
select name, meaning from moss_contract.capabilities where not is_available order by name
