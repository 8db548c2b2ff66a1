"""Jobs: what takes long, run by a worker process (default) or inline, with its events kept in the store."""
