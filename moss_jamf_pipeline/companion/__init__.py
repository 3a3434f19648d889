"""The companion: a small web service beside M.O.S.S. and Dagster, and what of it appears inside M.O.S.S.'s own pages.

A door like the command line: what is asked for is a service of `moss_jamf_pipeline.services`, and work is a Dagster
run.
"""
