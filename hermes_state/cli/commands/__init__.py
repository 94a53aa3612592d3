"""One module for each command: it asks a room below, and says what came out."""
