"""What is wrong with an ``auth.json``: logins, the credential pool and its runtime section.

The fields and their meanings are in ``views/auth.py``; a value is an issue only where an agent would stumble over it.
"""

from __future__ import annotations

from hermes_state.models.issue import Issue, IssueKind, pointer
from hermes_state.models.rules import faults, published, rule, wrong_type

#: The number that ``credential_pool_runtime.schema`` has when this version of the package writes it.
SECTION_SCHEMA = 1

#: An agent takes a file for empty, and writes over it, when none of these is an object.
STORES = ("providers", "credential_pool", "systems")

#: Checked one by one, so that memory stays flat and a bad one hides no other.
_PARTS = frozenset({"providers", "credential_pool", "credential_pool_runtime"})


def check(value: object) -> list[Issue]:
    """Everything that is wrong with ``value`` as the content of an auth.json; never raises on JSON values.

    The kinds ``envelope``, ``foreign`` and ``too_new`` mean that nothing may be edited. Whether a row can be moved,
    which ids are doubled and when a cooldown ends is judged elsewhere.
    """
    if not isinstance(value, dict):
        return [wrong_type(value, "an object", kind_of=IssueKind.ENVELOPE)]
    issues: list[Issue] = []
    for key in published("auth")["properties"]:
        if key in value and key not in _PARTS:
            issues += faults(rule("auth", f"/properties/{key}"), value[key], key)
    if not any(isinstance(value.get(key), dict) for key in STORES):
        message = "neither providers nor credential_pool is an object: agents take the file for empty and write over it"
        issues.append(Issue("", message, IssueKind.EMPTY_STORE))
    if "providers" in value:
        issues += _logins(value["providers"])
    if "credential_pool" in value:
        issues += _pools(value["credential_pool"])
    if "credential_pool_runtime" in value:
        issues += _section(value["credential_pool_runtime"])
    return issues


def _logins(providers: object) -> list[Issue]:
    if not isinstance(providers, dict):
        return [wrong_type(providers, "an object", "providers")]
    a_login = rule("auth", "/$defs/Login")
    return [issue for provider, login in providers.items() for issue in faults(a_login, login, "providers", provider)]


def _pools(pools: object) -> list[Issue]:
    if not isinstance(pools, dict):
        return [wrong_type(pools, "an object", "credential_pool", kind_of=IssueKind.ENVELOPE)]
    a_row = rule("auth", "/$defs/Row")
    issues: list[Issue] = []
    for key, rows in pools.items():
        if not isinstance(rows, list):
            issues.append(wrong_type(rows, "a list", "credential_pool", key, kind_of=IssueKind.ENVELOPE))
            continue
        for index, row in enumerate(rows):
            issues += faults(a_row, row, "credential_pool", key, index)
    return issues


def _section(section: object) -> list[Issue]:
    """A section with a whole number ``schema`` and an object ``pools`` is ours; a later one is not looked into."""
    at = "credential_pool_runtime"
    schema = section.get("schema") if isinstance(section, dict) else None
    pools = section.get("pools") if isinstance(section, dict) else None
    if type(schema) is not int or schema < 1 or not isinstance(pools, dict):
        return [Issue(pointer(at), "was not written by hermes-state and is left as it is", IssueKind.FOREIGN)]
    if schema > SECTION_SCHEMA:
        message = f"has schema {schema}; this version of hermes-state knows {SECTION_SCHEMA}"
        return [Issue(pointer(at), message, IssueKind.TOO_NEW)]
    a_record = rule("auth", "/$defs/Record")
    issues: list[Issue] = []
    for key, records in pools.items():
        if not isinstance(records, dict):
            issues.append(wrong_type(records, "an object", at, "pools", key, kind_of=IssueKind.ENVELOPE))
            continue
        for row_id, record in records.items():
            issues += faults(a_record, record, at, "pools", key, row_id)
    return issues
