"""Applying a plan to M.O.S.S., trying it out, undoing it, and what became of it."""
