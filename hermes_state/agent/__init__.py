"""What the agent itself imports."""
