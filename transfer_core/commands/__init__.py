"""One file a command: its arguments, and a function from them to (JSON, text)."""
