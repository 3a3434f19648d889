"""M.O.S.S. knowledge, from capture to history, and the connections that all of it shares.

SQL lies in the top-level `sql/` folder; the modules here run it. Nothing here knows Dagster or talks to JAMF.
"""
