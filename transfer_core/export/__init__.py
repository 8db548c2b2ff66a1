"""A run taken home: a bundle that needs no Graft, and that was seen to give the run's own answers."""
