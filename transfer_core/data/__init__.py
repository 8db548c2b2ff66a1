"""Images in: safe unpacking, checks, splits, pixels."""
