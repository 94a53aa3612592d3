"""What clearing a provider did: one result, of which text and JSON are two views."""

from __future__ import annotations

from typing import Any, NamedTuple

from hermes_state.clearing.breakers import ClearReport, Failed
from hermes_state.clearing.breakers import as_json as breakers_as_json
from hermes_state.clearing.cooldowns import Cleared, CooldownsCleared, Left
from hermes_state.clearing.targets import Target
from hermes_state.clearing.undo import UndoRisk
from hermes_state.errors import ExitCode, worst
from hermes_state.home import Home
from hermes_state.inspection.report import Block
from hermes_state.redaction import redact


class Still(NamedTuple):
    """What keeps agents of ``home`` from the provider after the clear; ``then`` are commands that go on from there."""

    home: Home
    blocks: tuple[Block, ...]
    then: tuple[str, ...]


class Shared(NamedTuple):
    """A home whose credentials are in a file that was seen to for another home."""

    home: Home
    path: str
    seen_for: Home


class ProviderCleared(NamedTuple):
    """What clearing a provider did, or with ``dry_run`` would do. ``breakers`` is None unless they were asked for."""

    dry_run: bool
    target: Target
    homes: tuple[Home, ...]
    files: tuple[CooldownsCleared, ...]
    shared: tuple[Shared, ...]
    breakers: ClearReport | None
    still: tuple[Still, ...]
    undo: UndoRisk
    errors: tuple[Failed, ...]

    @property
    def verified(self) -> bool:
        """Whether all files were read again and hold nothing of what was to be cleared; never true of a dry run."""
        return not self.dry_run and not self.errors and all(file.verified for file in self.files)

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode(worst([failed.error.exit_code for failed in self.errors]))


def as_json(done: ProviderCleared) -> dict[str, Any]:
    """What ``clear-cooldown --json`` prints of ``done``, its errors aside."""
    target, files = done.target, done.files
    return {
        "dry_run": done.dry_run,
        "home": done.homes[0].path,
        "path": files[0].path if files else None,
        "provider": redact(target.provider),
        "credential": _id(target.credential),
        "model": target.model,
        "matched": sum(file.matched for file in files),
        "nothing_to_clear": sum(file.idle for file in files),
        "cleared": [_cleared_entry(file, one) for file in files for one in file.cleared],
        "left": [_left_entry(file, one) for file in files for one in file.left],
        "verified": done.verified,
        "files": [_file_entry(file) for file in files],
        "shared": [{"home": one.home.path, "path": one.path, "seen_for": one.seen_for.path} for one in done.shared],
        "breakers": breakers_as_json(done.breakers)["cleared"] if done.breakers is not None else [],
        "still_blocked_by": [
            {"home": still.home.path, **block._asdict(), "what": redact(block.what)}
            for still in done.still
            for block in still.blocks
        ],
        "next": list(dict.fromkeys(redact(words) for still in done.still for words in still.then)),
        "undo_risk": _undo_entry(done.undo),
    }


def _cleared_entry(file: CooldownsCleared, one: Cleared) -> dict[str, Any]:
    was = one.was
    return {
        "home": file.home.path,
        "path": file.path,
        "pool": redact(was.pool),
        "id": _id(was.id),
        "label": was.label,
        "number": one.number,
        "store": was.store,
        "was": {
            "status": was.status.value,
            "agent_sees": was.agent_sees.value,
            "held": was.held,
            "until_at": was.until_at,
            "remaining_seconds": was.remaining_seconds,
            "error_code": was.error_code,
            "reason": was.reason,
            "model_cooldowns": dict(was.model_cooldowns),
        },
        "note": one.note,
    }


def _left_entry(file: CooldownsCleared, one: Left) -> dict[str, Any]:
    return {
        "home": file.home.path,
        "path": file.path,
        "pool": redact(one.pool),
        "id": _id(one.id),
        "label": one.label,
        "number": one.number,
        "store": file.owner.store,
        "reason": one.reason,
    }


def _file_entry(file: CooldownsCleared) -> dict[str, Any]:
    return {
        "home": file.home.path,
        "path": file.path,
        "store": file.owner.store,
        "matched": file.matched,
        "cleared": len(file.cleared),
        "left": len(file.left),
        "nothing_to_clear": file.idle,
        "verified": file.verified,
        "also_of": [home.path for home in file.also_of],
        "notes": list(file.notes),
    }


def _undo_entry(undo: UndoRisk) -> dict[str, Any]:
    return {
        "level": undo.level.value,
        "message": undo.message,
        "agents": [
            {
                "kind": one.kind,
                "state": one.state.value,
                "pid": one.pid,
                "home": one.home,
                "version": one.version,
                "does": one.does.value,
            }
            for one in undo.agents
        ],
        "unseen": list(undo.unseen),
    }


def _id(identity: str | int | None) -> str | int | None:
    return redact(identity) if isinstance(identity, str) else identity
