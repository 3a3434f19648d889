"""The contract with M.O.S.S.: which dialect a database speaks, what is installed there, and who may do what."""
