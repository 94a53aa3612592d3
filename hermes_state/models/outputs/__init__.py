"""What the commands print with ``--json``, as types. No command imports them: the published schemas are made from them,
and the suite checks every output against those."""
