"""Maintainers' programs: they made what the program reads, and are not installed with it."""
