"""The state files as stores: read without a lock, changed under one."""

#: The lock, in the home, for the files that no version of the agent locks.
OWN_LOCK = ".hermes-state.lock"
