"""Keeps a M.O.S.S. inventory in step with JAMF Pro.

`definitions.py` is the whole Dagster code location on one page; start reading there.
"""

__version__ = "0.1.0"
