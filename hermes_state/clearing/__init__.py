"""Clearing: ending what keeps an agent from a provider, and proving on disk that it ended."""
