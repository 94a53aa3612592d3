"""``systems.nous_portal`` of the oldest auth.json becomes ``providers.nous``.

Every released agent reads the old form in this way (hermes_cli/auth.py, ``_load_auth_store``), but drops the rest of
the file at its next save. Here everything else stays: other systems where they are, and every other key.
"""

from typing import Any

from hermes_state.migration import Context, Result

TITLE = "move systems.nous_portal to providers.nous"
TOUCHES = ("/systems", "/providers", "/active_provider")
IRREVERSIBLE = "every released agent reads the result, and none writes the old form"


def pending(document: dict[str, Any]) -> bool:
    """Only a file with neither of the newer keys is in the old form; in any other the agent ignores ``systems``.

    A newer key that is there but is no object is something else: not ours to overwrite. Neither is a portal that is
    no login.
    """
    newer = any(document.get(key) is not None for key in ("providers", "credential_pool"))
    systems = document.get("systems")
    return not newer and isinstance(systems, dict) and isinstance(systems.get("nous_portal"), dict | None)


def up(document: dict[str, Any], context: Context) -> Result:
    if not pending(document):
        return Result(document)
    systems = dict(document["systems"])
    portal = systems.pop("nous_portal", None)
    made: dict[str, Any] = {}
    for key, value in document.items():
        if key == "systems":
            made["providers"] = {} if portal is None else {"nous": portal}
            made["active_provider"] = None if portal is None else "nous"
            if systems:
                made["systems"] = systems
        elif key not in ("providers", "active_provider"):
            made[key] = value
    return Result(made)
