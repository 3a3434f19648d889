"""The integration's rows in M.O.S.S.: its settings, its credentials, its history."""
