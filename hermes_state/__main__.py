"""``python -m hermes_state``, and the installed command."""

import sys


def main() -> None:
    """Run the program and leave with its exit code."""
    try:
        from hermes_state.cli.app import main as program

        program()
    except KeyboardInterrupt:  # before signals are listened to: nothing has begun
        sys.exit(130)


if __name__ == "__main__":
    main()
