"""The steps of a sync: plain functions over a `RunContext`, each with a typed result. In order: `scopes.UPSTREAM`."""
