"""A bundle over HTTP: few files, no torch. Nothing here knows a workspace."""
