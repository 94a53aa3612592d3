"""The scenes in which the commands of the pages run: homes in trouble, with fake secrets only."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.docs.machine import NIGHT, Lacking, Machine

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
#: Whose home a container's is, where the page is about that.
CONTAINER_USER = 10000


@dataclass(frozen=True, slots=True)
class Scene:
    """``build`` makes the home; ``agent`` is the version of the real agent whose ``hermes`` the page runs too; ``root``
    says that it needs to be root."""

    build: Callable[[Machine], None]
    agent: str | None = None
    root: bool = False

    @property
    def marks(self) -> list[pytest.MarkDecorator]:
        """The tiers that a test of it is of."""
        return [pytest.mark.agent] * (self.agent is not None) + [pytest.mark.tiers] * self.root


def row(id: str, label: str, **fields: Any) -> dict[str, Any]:
    """A healthy row of an API key, as agent 0.19 writes it; ``fields`` come on top."""
    return {
        "id": id,
        "label": label,
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": f"sk-or-v1-test-{id}{id}",
        "last_status": None,
        "last_status_at": None,
        "last_error_code": None,
        "last_error_reason": None,
        "last_error_message": None,
        "last_error_reset_at": None,
        "request_count": 0,
        **fields,
    }


def mark(
    code: int, ago: float, message: str, seconds: float | None = None, status: str = "exhausted"
) -> dict[str, Any]:
    """What a failure leaves in a row: ``ago`` seconds before the night, with an end ``seconds`` after it, or none."""
    return {
        "last_status": status,
        "last_status_at": NIGHT - ago,
        "last_error_code": code,
        "last_error_message": message,
        "last_error_reset_at": None if seconds is None else NIGHT + seconds,
    }


def auth(pools: dict[str, list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    """The content of an auth.json."""
    return {"version": 1, "providers": {}, "credential_pool": pools, **more}


def put(path: Path, content: object, mode: int = 0o600) -> Path:
    """``content`` at ``path``: text as it is, other values as JSON, as agents lay it out; last changed an hour ago."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2) + "\n")
    path.chmod(mode)
    os.utime(path, (NIGHT - HOUR, NIGHT - HOUR))
    return path


def version(home: Path, agent: str) -> None:
    """Let it be known that ``agent`` is the version in use: its checkout lies in the home."""
    put(home / "hermes-agent" / "pyproject.toml", f'[project]\nname = "hermes-agent"\nversion = "{agent}"\n', 0o644)


def breaker(home: Path, seconds: float, ago: float) -> None:
    """A breaker of Nous that was written ``ago`` seconds before the night and blocks for ``seconds`` after it."""
    times = {"reset_at": NIGHT + seconds, "recorded_at": NIGHT - ago, "reset_seconds": seconds + ago}
    put(home / "rate_limits" / "nous.json", json.dumps(times))


def settings(home: Path, provider: str, model: str) -> None:
    """A config.yaml that chooses what the agent uses."""
    put(home / "config.yaml", f"_config_version: 33\nmodel:\n  default: {model}\n  provider: {provider}\n")


def link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.symlink(target, path)


def limited(id: str = "9d7854", label: str = "work key", left: float = 5 * HOUR, **fields: Any) -> dict[str, Any]:
    """A row that was refused with 429 twelve minutes ago and comes back in ``left`` seconds."""
    return row(id, label, **mark(429, 12 * MINUTE, "Rate limit exceeded", left), **fields)


def stuck(machine: Machine) -> None:
    """Neither of two keys can be used: one is rate limited, one has run out of credit."""
    spare = row("276cbd", "spare key", priority=1, **mark(402, 20 * MINUTE, "Insufficient credits"))
    put(machine.hermes / "auth.json", auth({"openrouter": [limited(), spare]}))
    settings(machine.hermes, "openrouter", "openai/gpt-5")
    version(machine.hermes, "0.19.0")


def stuck_beside_a_gateway(machine: Machine) -> None:
    stuck(machine)
    machine.start_gateway()


def dead(machine: Machine) -> None:
    """A login that was revoked, beside one that works."""
    pool = [
        revoked(),
        row("c0de02", "bob@example.org", auth_type="oauth", source="manual:device_code", priority=1),
    ]
    put(machine.hermes / "auth.json", auth({"openai-codex": pool}))
    version(machine.hermes, "0.19.0")


def nous(machine: Machine, **fields: Any) -> None:
    """Logged in to Nous, and a breaker that keeps the agent from asking; ``fields`` come on top of the row."""

    def iso(at: float) -> str:
        return datetime.fromtimestamp(at, UTC).isoformat()

    until = NIGHT + 30 * DAY
    token = _unsigned({"exp": int(until), "scope": "inference:invoke", "sub": "test"})
    state = {
        "portal_base_url": "https://portal.nousresearch.com",
        "inference_base_url": "https://inference-api.nousresearch.com/v1",
        "client_id": "hermes-cli",
        "scope": "inference:invoke",
        "token_type": "Bearer",
        "access_token": token,
        "refresh_token": "rt-test-nous",
        "obtained_at": iso(NIGHT - HOUR),
        "expires_at": iso(until),
        "expires_in": int(until - NIGHT),
        "agent_key": token,
        "agent_key_id": None,
        "agent_key_expires_at": iso(until),
        "agent_key_expires_in": int(until - NIGHT),
        "agent_key_reused": False,
        "agent_key_obtained_at": iso(NIGHT - HOUR),
        "tls": {"insecure": False, "ca_bundle": None},
    }
    same = {name: value for name, value in state.items() if name != "agent_key_id"}
    seeded = row("86cd0a", "ann@example.org", auth_type="oauth", source="device_code") | same | fields
    put(
        machine.hermes / "auth.json",
        auth({"nous": [seeded]}, active_provider="nous") | {"providers": {"nous": state}},
    )
    settings(machine.hermes, "nous", "Hermes-4-405B")
    breaker(machine.hermes, 22 * HOUR, 2 * HOUR)
    version(machine.hermes, "0.19.0")


def _unsigned(claims: dict[str, Any]) -> str:
    """A token that agents take for one of Nous as long as it need not be used."""
    halves = (json.dumps(half).encode() for half in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(half).decode().rstrip("=") for half in halves), "c2ln"])


def nous_twice(machine: Machine) -> None:
    """Both switches of Nous are thrown: the breaker, and the mark in the pool."""
    nous(machine, **mark(429, 10 * MINUTE, "Rate limit exceeded", 50 * MINUTE))


def nous_nonsense(machine: Machine) -> None:
    """A breaker whose time was written in milliseconds."""
    nous(machine)
    put(machine.hermes / "rate_limits" / "nous.json", json.dumps({"reset_at": int((NIGHT + HOUR) * 1000)}))


def scripts(machine: Machine) -> None:
    """Something of everything, for questions that a script asks. They are asked with jq."""
    if shutil.which("jq", path="/usr/bin:/bin") is None:
        raise Lacking("jq is not installed")
    stuck(machine)
    breaker(machine.hermes, 22 * HOUR, 2 * HOUR)
    put(machine.hermes / "profiles" / "coder" / "auth.json", '{"version": 1, "provid')


def corrupt(machine: Machine) -> None:
    """Migrated the day before, so there is a backup; then something cut auth.json short."""
    keys = [
        row("9d7854", "work key", **mark(429, 30 * HOUR, "Rate limit exceeded", -29 * HOUR)),
        row("276cbd", "spare key", priority=1),
    ]
    file = put(machine.hermes / "auth.json", auth({"openrouter": keys}))
    settings(machine.hermes, "openrouter", "openai/gpt-5")
    version(machine.hermes, "0.19.0")
    machine.now = NIGHT - DAY
    machine.run("hermes-state migrate")
    machine.now = NIGHT
    file.write_text(file.read_text()[:700])


def corrupt_and_copied(machine: Machine) -> None:
    """The same, and an agent has looked: it keeps what it could not read."""
    corrupt(machine)
    put(machine.hermes / "auth.json.corrupt", (machine.hermes / "auth.json").read_text())


def corrupt_and_alone(machine: Machine) -> None:
    """The same without a backup: nothing was migrated before it was cut short."""
    corrupt_and_copied(machine)
    shutil.rmtree(machine.hermes / "backups")


def resting(machine: Machine) -> None:
    """Of two keys one cools down, one has."""
    put(machine.hermes / "auth.json", auth({"openrouter": [limited(left=47 * MINUTE), rested()]}))
    version(machine.hermes, "0.19.0")


def rested() -> dict[str, Any]:
    """A row whose mark has run out an hour ago."""
    return row("276cbd", "spare key", priority=1, **mark(429, 2 * HOUR, "Rate limit exceeded", -HOUR))


def revoked() -> dict[str, Any]:
    """A login that is dead."""
    gone = mark(401, 3 * HOUR, "Token has been invalidated", status="dead")
    gone["last_error_reason"] = "token_invalidated"
    return row("c0de01", "ann@example.org", auth_type="oauth", source="manual:device_code", **gone)


def mixed(machine: Machine) -> None:
    """What is found in a home that was in use: a key that cools down, one that has, a dead login."""
    pools = {"openrouter": [limited(left=47 * MINUTE), rested()], "openai-codex": [revoked()]}
    put(machine.hermes / "auth.json", auth(pools))
    version(machine.hermes, "0.19.0")


def marked_again(machine: Machine) -> None:
    """Migrated an hour ago; since then an agent has been refused, and wrote that where agents write it."""
    resting(machine)
    machine.now = NIGHT - HOUR
    machine.run("hermes-state migrate")
    machine.now = NIGHT
    file = machine.hermes / "auth.json"
    document = json.loads(file.read_text())
    document["credential_pool"]["openrouter"][1].update(mark(429, 4 * MINUTE, "Rate limit exceeded", 56 * MINUTE))
    put(file, document)


def moved_beside_a_gateway(machine: Machine) -> None:
    marked_again(machine)
    machine.start_gateway()


def profiles(machine: Machine) -> None:
    """A root with four profiles: one borrows the root's keys, one has a key of its own, two share a file."""
    home = machine.hermes
    login = row("86cd0a", "ann@example.org", auth_type="oauth", source="device_code")
    put(home / "auth.json", auth({"openrouter": [row("276cbd", "family key")], "nous": [login]}))
    put(home / "profiles" / "coder" / "config.yaml", "_config_version: 33\n")
    for limited_home in (home, home / "profiles" / "coder"):
        breaker(limited_home, 2 * HOUR, HOUR)
    put(home / "profiles" / "writer" / "auth.json", auth({"openrouter": [limited("b10c5e", "writer's key")]}))
    put(home / "shared" / "ops.json", auth({"anthropic": [limited("0b5e55", "ops key", 38 * MINUTE)]}))
    for name in ("ops-day", "ops-night"):
        link(home / "profiles" / name / "auth.json", "../../shared/ops.json")
    version(home, "0.19.0")


def borrowed(machine: Machine) -> None:
    """The root's key cools down, and a profile that has none of its own borrows it."""
    put(machine.hermes / "auth.json", auth({"openrouter": [limited("276cbd", "family key")]}))
    put(machine.hermes / "profiles" / "coder" / "config.yaml", "_config_version: 33\n")
    version(machine.hermes, "0.19.0")


def mounted(machine: Machine) -> None:
    """auth.json is a mount of its own, as ``docker run -v .../auth.json:/opt/data/auth.json`` makes it."""
    resting(machine)
    outside = put(machine.user / "volume" / "auth.json", (machine.hermes / "auth.json").read_text())
    put(machine.hermes / "auth.json", "")
    machine.mount(outside, machine.hermes / "auth.json")


def cut_short(machine: Machine) -> None:
    """A write into the mounted file was killed in its midst."""
    mounted(machine)
    machine.run("HERMES_DOCS_CUT=yes hermes-state migrate --in-place")


def roots_leavings(machine: Machine) -> None:
    """The home of a container's user, in which a command that was run as root left its files."""
    if os.geteuid() != 0:
        raise Lacking("files of other users need root")
    resting(machine)
    put(machine.hermes / "auth.lock", "")
    for directory, folders, names in os.walk(machine.hermes):
        for name in (*folders, *names):
            os.chown(os.path.join(directory, name), CONTAINER_USER, CONTAINER_USER)
    os.chown(machine.hermes, CONTAINER_USER, CONTAINER_USER)
    for name in ("auth.json", "auth.lock"):
        os.chown(machine.hermes / name, 0, 0)


def dotfiles(machine: Machine) -> None:
    """A home whose files are links into a repository of dotfiles, as stow makes them."""
    resting(machine)
    kept = machine.user / "dotfiles" / "hermes"
    put(kept / "auth.json", (machine.hermes / "auth.json").read_text(), 0o640)
    put(kept / "config.yaml", "_config_version: 33\n")
    (machine.hermes / "auth.json").unlink()
    for name in ("auth.json", "config.yaml"):
        link(machine.hermes / name, f"../dotfiles/hermes/{name}")


def nixos(machine: Machine) -> None:
    """A managed home whose config.yaml the store owns, and whose auth.json is a plain file."""
    resting(machine)
    store = machine.user / "nix" / "store" / "hermes-config"
    put(store / "config.yaml", "_config_version: 33\n", 0o444)
    link(machine.hermes / "config.yaml", "../nix/store/hermes-config/config.yaml")
    put(machine.hermes / ".managed", "")


def in_the_store(machine: Machine) -> None:
    """auth.json itself was put into the store, where nothing may be changed."""
    resting(machine)
    put(machine.user / "nix" / "store" / "hermes-auth.json", (machine.hermes / "auth.json").read_text(), 0o444)
    (machine.hermes / "auth.json").unlink()
    link(machine.hermes / "auth.json", "../nix/store/hermes-auth.json")


def dangling(machine: Machine) -> None:
    """The repository of dotfiles has moved away from under the link."""
    dotfiles(machine)
    (machine.user / "dotfiles").rename(machine.user / "dots")


SCENES = {
    "stuck": Scene(stuck),
    "stuck-agent": Scene(stuck, "0.19.0"),
    "stuck-beside-a-gateway": Scene(stuck_beside_a_gateway),
    "dead": Scene(dead),
    "nous": Scene(nous),
    "nous-agent": Scene(nous, "0.19.0"),
    "nous-twice": Scene(nous_twice),
    "nous-nonsense": Scene(nous_nonsense),
    "scripts": Scene(scripts),
    "corrupt": Scene(corrupt),
    "corrupt-agent": Scene(corrupt, "0.19.0"),
    "corrupt-and-copied": Scene(corrupt_and_copied),
    "corrupt-and-alone": Scene(corrupt_and_alone),
    "mixed": Scene(mixed),
    "mixed-agent": Scene(mixed, "0.19.0"),
    "marked-again": Scene(marked_again),
    "moved-beside-a-gateway": Scene(moved_beside_a_gateway),
    "profiles": Scene(profiles),
    "borrowed": Scene(borrowed),
    "mounted": Scene(mounted, root=True),
    "cut-short": Scene(cut_short, root=True),
    "roots-leavings": Scene(roots_leavings, root=True),
    "dotfiles": Scene(dotfiles),
    "nixos": Scene(nixos),
    "in-the-store": Scene(in_the_store),
    "dangling": Scene(dangling),
}
