"""M.O.S.S. knowledge: connections, the contract and its dialects, matching, plan, apply, history.

SQL lies in the top-level `sql/` folder; the modules here run it. Nothing here knows Dagster or talks to JAMF.
"""
