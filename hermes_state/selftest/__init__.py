"""Proof by enumeration: every disk that a crash may leave behind, made real, recovered from, and checked.

Random kills cannot find a missing sync, because the page cache survives a killed process. So the operations of an act
are recorded through the disk interface, a model says what a legal file system may hold after a power cut at each point
of that list, and each such disk is built in a temporary folder, where recovery runs and the promises are checked.
"""
