"""Dagster: assets, checks, jobs, sensors, partitions, resources, instance. A door: it parses, calls, presents."""
