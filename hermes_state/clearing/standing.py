"""How providers stand after a clear, as ``inspect`` sees them: all homes are looked at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from hermes_state.cooldown import AgentSees, Status
from hermes_state.home import Home
from hermes_state.inspection.circumstances import ESTOP
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.outlook import Outlook, Outlooks
from hermes_state.inspection.report import Block, Provider
from hermes_state.interruption import Watch, unwatched
from hermes_state.redaction import redact


class Standing(NamedTuple):
    """What the verdict on one provider of ``home`` says.

    ``switches`` are the blocks that hold up all of it, usable credentials too: breakers, and a pause; ``others`` only
    matter where no credential is ``usable``, switches aside.
    """

    home: Home
    switches: tuple[Block, ...] = ()
    others: tuple[Block, ...] = ()
    usable: bool = False


def standings(wanted: Sequence[tuple[Home, str]], now: float, watch: Watch = unwatched) -> list[Standing]:
    """How each provider stands in its home at ``now`` (epoch seconds); nothing is in the way of one that is unknown."""
    homes = {home.path: home for home, _ in wanted}
    with watch(len(homes), "looking at homes") as step:
        outlooks, found = Outlooks(Neighbourhood(homes.values()), now), {}
        for home in homes.values():
            found[home.path] = outlooks.of(home)
            if step is not None:
                step()
    return [_standing(home, found[home.path], redact(provider)) for home, provider in wanted]


def _standing(home: Home, seen: Outlook, provider: str) -> Standing:
    verdict = next((found for found in seen.providers if found.provider == provider), None)
    if verdict is None:
        return Standing(home)
    paths = {each.path for each in seen.breakers.breakers} if seen.breakers is not None else set()
    whole = [block.path in paths or os.path.basename(block.path) == ESTOP for block in verdict.blocked_by]
    blocks = list(zip(verdict.blocked_by, whole, strict=True))
    return Standing(
        home,
        tuple(block for block, is_switch in blocks if is_switch),
        tuple(block for block, is_switch in blocks if not is_switch),
        _is_usable(seen, verdict),
    )


def _is_usable(seen: Outlook, verdict: Provider) -> bool:
    """Whether a credential can be used, breakers aside: where one is active the verdict counts none."""
    rows = (row for row in seen.credentials if row.pool == verdict.provider)
    return verdict.usable > 0 or any(
        row.status in (Status.OK, Status.ELAPSED) and row.agent_sees is AgentSees.USABLE for row in rows
    )
