-- The key that M.O.S.S. keeps in its database; null if it has no such table or no active key. Takes nothing.
select moss_contract.active_encryption_key()
