"""What a shell offers while a command is typed: names from the files of the home that the line means.

It may find nothing, but it never complains, never creates anything, and never offers what could be a secret, nor what
a shell would not take as it stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_state.outcomes import KINDS

if TYPE_CHECKING:
    from typer._click import Context

    from hermes_state.cli.asked import Asked
    from hermes_state.home import Home

#: Homes that are looked into, of however many ``--all-profiles`` means.
MOST_HOMES = 20
#: What no shell makes anything else of; a word that begins with a hyphen would be taken for an option.
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*")
#: What may stand beside a word.
_REMARK = re.compile(r"[A-Za-z0-9_@%+=:,./ -]*")


class Offer(NamedTuple):
    """A word, and a remark that zsh and fish show beside it."""

    word: str
    remark: str = ""


def offers(what: str, context: Context, incomplete: str) -> list[Offer | str]:
    """What may stand for ``what``, one of SOURCES, where ``incomplete`` is typed already; sorted."""
    from hermes_state.cli.asked import Asked

    root = context.find_root()
    asked = root.obj if isinstance(root.obj, Asked) else Asked()
    try:
        found = set(SOURCES[what](asked, context.params))
    except Exception:
        return []
    fitting = {each.word: each.remark for each in sorted(found) if each.word.startswith(incomplete)}
    return [
        Offer(word, remark) if remark not in ("", word) and _may_be_shown(_REMARK, remark) else word
        for word, remark in fitting.items()
        if _may_be_shown(_PLAIN, word)
    ]


def _may_be_shown(pattern: re.Pattern[str], text: str) -> bool:
    from hermes_state.redaction import shown

    return pattern.fullmatch(text) is not None and shown(text) == text


def prepare() -> None:
    """Put together what bash took apart: it ends words at ``=`` and ``:`` too (``--profile = ada``)."""
    try:
        words, at = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
    except (KeyError, ValueError):
        return
    joined: list[str] = []
    goes_on = False
    for word in words[:at]:
        sign = word in ("=", ":")
        if joined and (sign or goes_on):
            joined[-1] += word
        else:
            joined.append(word)
        goes_on = sign
    if goes_on and joined[-1].startswith("--"):
        joined[-1] = joined[-1].removesuffix("=")
    os.environ["COMP_WORDS"] = "\n".join([*joined, *words[at : at + 1]])
    os.environ["COMP_CWORD"] = str(len(joined))


def _homes(asked: Asked) -> Iterator[Home]:
    yield from islice(asked.homes(), MOST_HOMES)


def _profiles(asked: Asked, given: dict[str, Any]) -> Iterable[Offer]:
    from hermes_state.home import RESERVED, find, profiles

    root = find(asked.home, None, os.environ).root
    return map(Offer, ["default", *(home.profile for home in profiles(root) if home.profile not in RESERVED)])


def _providers(asked: Asked, given: dict[str, Any]) -> Iterable[Offer]:
    from hermes_state.clearing.targets import providers

    return map(Offer, providers(list(_homes(asked))))


def _credentials(asked: Asked, given: dict[str, Any]) -> Iterator[Offer]:
    from hermes_state.clearing.targets import owner_of

    for home in _homes(asked):
        owner = owner_of(home, given["provider"])
        for row in owner.rows if owner is not None else []:
            if isinstance(row, dict):
                label = row["label"].strip() if isinstance(row.get("label"), str) else ""
                yield Offer(label)
                if isinstance(row.get("id"), str | int):
                    yield Offer(str(row["id"]), label)


def _models(asked: Asked, given: dict[str, Any]) -> Iterator[Offer]:
    """Those that some credential is not to be used for; arguments are not known while an option lacks its value."""
    from hermes_state.inspection import inspect

    for home in inspect(list(_homes(asked)), kinds=("auth",)).homes:
        yield from (Offer(model, row.pool) for row in home.credentials for model in row.model_cooldowns)


def _breakers(asked: Asked, given: dict[str, Any]) -> Iterator[Offer]:
    from hermes_state.stores.breaker import PROVIDERS, breakers, provider_of

    yield from map(Offer, PROVIDERS)
    for home in _homes(asked):
        yield from map(Offer, map(provider_of, breakers(home.path)))


def _backups(asked: Asked, given: dict[str, Any]) -> Iterator[Offer]:
    from hermes_state.disk import RealDisk
    from hermes_state.restoring import sources

    for home in _homes(asked):
        ours = (one for one in sources(RealDisk(), home.path) if not one.belongs_elsewhere())
        yield from (Offer(source.name, source.reason) for source in ours)


def _files(asked: Asked, given: dict[str, Any]) -> Iterator[Offer]:
    from hermes_state.disk import RealDisk
    from hermes_state.restoring import find

    for home in _homes(asked):
        yield from (Offer(copy.file) for copy in find(RealDisk(), home.path, given["stamp"]).copies)


def _schemas(asked: Asked, given: dict[str, Any]) -> Iterable[Offer]:
    from hermes_state.cli.commands.schema import published

    return map(Offer, published())


#: What can be offered -> where it comes from, with the shared options and the parameters that are typed already.
SOURCES: dict[str, Callable[[Asked, dict[str, Any]], Iterable[Offer]]] = {
    "kind": lambda asked, given: map(Offer, KINDS),
    "schema": _schemas,
    "severity": lambda asked, given: map(Offer, ("info", "warning", "error")),
    "layout": lambda asked, given: [Offer("base")],
    "profile": _profiles,
    "provider": _providers,
    "credential": _credentials,
    "model": _models,
    "breaker": _breakers,
    "backup": _backups,
    "file": _files,
}
