"""``config.yaml``: settings, what an administrator pins over them, and secrets that stand in it."""
