"""Plans: every change a sync would make, what the guard holds of them, and the conflicts a person decides."""
