"""``python -m hermes_state``."""

from hermes_state.cli.app import main

main()
