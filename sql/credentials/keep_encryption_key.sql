-- Keeps a key in M.O.S.S.'s database unless one is active, and yields the active one; null if it has no such table.
-- Parameters: new_key.
select moss_contract.keep_encryption_key(%(new_key)s)
