"""Captures and snapshots: what was pulled from JAMF, stored as versions in `jamf_sync`, and for how long."""
