"""``sessions.json``, its twin in ``state.db``, and what the gateway remembers about its chats."""
