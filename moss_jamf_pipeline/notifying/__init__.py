"""How people are told who do not look: by a webhook, by mail. What they are told, services say.

A door may use it; it knows neither Dagster nor the command line.
"""
