"""Which directory is the Hermes home, by which rule, which profiles belong to it, and whose agent uses it.

The rules are those of the agent's command line, 0.13 to 0.22 (``hermes_cli/main.py``, ``hermes_cli/profiles.py``,
``hermes_constants.py``; recorded from the agents in ``tests/home/agents.json``). Where versions differ, the newest one
is followed unless a function says otherwise. Nothing here creates, changes or locks anything.
"""

from __future__ import annotations

import os
import pwd
import re
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple

from hermes_state.errors import NoSuchHome, UnknownProfile
from hermes_state.look import ABSENT, peek, same_place, trouble

#: What a profile may be called (all versions); ``default`` is the root itself.
PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: Names that no version selects by name, although an old directory of that name is still listed and served.
RESERVED = frozenset({"hermes", "test", "tmp", "root", "sudo"})
_UNDER_PROFILES = "HERMES_HOME under profiles/"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_MANAGERS = dict.fromkeys(("", "true", "1", "yes", "nix", "nixos", *_FALSE), "NixOS")
_MANAGERS |= dict.fromkeys(("brew", "homebrew"), "Homebrew")


class Home(NamedTuple):
    """One home. ``path`` is absolute and as it was named: links in it are not resolved.

    ``rule`` is the rule that chose it, in words. ``profile`` is ``default`` for a root home, the name for a profile,
    and ``custom`` for a directory inside a home that is neither (the agent's own word). ``root`` is the home that
    profiles, ``active_profile`` and the fallback credentials belong to. ``managed`` is what ``manager`` says.
    """

    path: str
    rule: str
    profile: str
    root: str
    managed: str | None


def find(
    home_option: str | None,
    profile: str | None,
    env: Mapping[str, str],
    *,
    cwd: str | None = None,
    user_home: str | None = None,
    platform: str = sys.platform,
) -> Home:
    """The home that a command works on.

    ``home_option`` (``--home``) is taken literally and never follows ``active_profile``; with ``profile`` it means
    that profile of its root. Without it the agent's rules hold: ``profile``, else ``HERMES_HOME`` when it lies directly
    under a ``profiles`` directory, else the profile that ``<root>/active_profile`` names, else ``HERMES_HOME``, else
    the default. ``cwd`` and ``user_home`` default to the process's own.

    Raises NoSuchHome when the directory is missing, is not a directory or cannot be entered, and UnknownProfile for a
    profile that is missing, was deleted, or has a name that no profile can have.
    """
    rules = _Rules(env, cwd, user_home if user_home is not None else _user_home(env, platform), platform)
    if home_option is not None:
        home = rules.home(rules.absolute(home_option), "--home")
        return home if profile is None else rules.profile(home.root, profile, "--home and --profile")
    fallback, rule = rules.environment() or rules.default()
    if profile is not None:
        return rules.profile(rules.root(fallback), profile, "--profile")
    if rule.startswith(_UNDER_PROFILES):
        if _deleted(fallback):
            raise rules.unknown(rules.root(fallback), os.path.basename(fallback), "HERMES_HOME", deleted=True)
        return rules.home(fallback, rule)
    root = rules.root(fallback)
    if active := rules.active_profile(root):
        return rules.profile(root, active, "active_profile", os.path.join(root, "active_profile"))
    return rules.home(fallback, rule)


def profiles(root: str, env: Mapping[str, str] = os.environ) -> list[Home]:
    """The profile homes under the root home at ``root``, sorted by name.

    Left out are names that no profile can have, deleted profiles (0.22 leaves a tombstone) and whatever is not a
    directory. A profile directory that is still empty counts, as it does up to 0.20. Raises NoSuchHome when the
    ``profiles`` directory cannot be listed.
    """
    parent = os.path.join(root, "profiles")
    try:
        names = sorted(os.listdir(parent))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise NoSuchHome(parent, f"cannot be listed: {error.strerror}") from error
    named = [(name, os.path.join(parent, name)) for name in names if name != "default" and PROFILE_NAME.fullmatch(name)]
    living = [(name, path) for name, path in named if os.path.isdir(path) and not _deleted(path)]
    return [Home(path, "profiles/", name, root, manager(path, env)) for name, path in living]


def all_homes(home: Home, env: Mapping[str, str] = os.environ) -> list[Home]:
    """Every home of ``home``'s root, the root first; ``home`` itself keeps its rule."""
    root = home if home.path == home.root else Home(home.root, "root", "default", home.root, manager(home.root, env))
    return [root] + [home if other.path == home.path else other for other in profiles(home.root, env)]


def root_store(home: Home) -> str | None:
    """The root whose auth.json the agent falls back to for ``home``; None for a home that is its own root."""
    return None if same_place(home.path, home.root) else home.root


def manager(path: str, env: Mapping[str, str]) -> str | None:
    """The package manager that owns the home at ``path``, or None.

    Managed is whatever any agent version takes for managed, since being wrong then only costs a refusal: the variable
    ``HERMES_MANAGED`` (Homebrew counts, though 0.22 dropped it), else the file ``.managed`` (0.22 reads a name in it,
    older versions mean NixOS whatever it says). The exception is ``HERMES_MANAGED=false``, ``0``, ``no`` or ``off``:
    it says no to both since 0.22, and older versions only misread it as a manager called "false".
    """
    named = env.get("HERMES_MANAGED", "").strip()
    if named.lower() in _FALSE:
        return None
    if not named:
        try:
            named = peek(os.path.join(path, ".managed")).decode("utf-8", "replace").strip()[:80]
        except FileNotFoundError:
            return None
        except OSError:
            named = ""
    return _MANAGERS.get(named.lower(), named)


class _Rules(NamedTuple):
    """The agent's rules for one environment."""

    env: Mapping[str, str]
    cwd: str | None
    user_home: str
    platform: str

    def absolute(self, path: str) -> str:
        """Without ``.`` and doubled separators, but with ``..``: behind a link it does not undo the part before it."""
        if not path or "\0" in path:
            raise NoSuchHome(path, "is not a possible path")
        if not os.path.isabs(path):
            try:
                path = os.path.join(self.cwd if self.cwd is not None else os.getcwd(), path)
            except FileNotFoundError as error:
                raise NoSuchHome(path, "is relative, and the current directory was removed") from error
        return str(PurePath(path))

    def default(self) -> tuple[str, str]:
        if not self.user_home:
            raise NoSuchHome("~", "HOME is not set, and this user has no entry in the password database")
        suffix = self.env.get("HERMES_DATA_DIR_SUFFIX", "")  # read since 0.22
        everywhere_else = os.path.join(self.user_home, ".hermes" + suffix)
        if self.platform != "win32":
            return self.absolute(everywhere_else), "default"
        local = self.env.get("LOCALAPPDATA", "").strip() or os.path.join(self.user_home, "AppData", "Local")
        path = os.path.join(local, "hermes" + suffix)
        if not suffix and not os.path.isdir(path) and os.path.isdir(everywhere_else):
            return self.absolute(everywhere_else), "default up to 0.15"
        return self.absolute(path), "default"

    def environment(self) -> tuple[str, str] | None:
        """What ``HERMES_HOME`` says. Up to 0.20 it is literal, since 0.22 expanded: the one that exists is meant."""
        text = self.env.get("HERMES_HOME", "").strip()
        if not text:
            return None
        rule = _UNDER_PROFILES if PurePath(text).parent.name == "profiles" else "HERMES_HOME"
        literal, expanded = self.absolute(text), self.absolute(self.expanded(text))
        if literal == expanded:
            return literal, rule
        if os.path.exists(literal) or not os.path.exists(expanded):
            return literal, f"{rule}, taken literally"
        return expanded, f"{rule}, expanded"

    def expanded(self, text: str) -> str:
        text = re.sub(r"\$(?:(\w+)|\{([^}]*)\})", lambda m: self.env.get(m[1] or m[2], m[0]), text, flags=re.ASCII)
        if self.user_home and (text == "~" or text.startswith("~/")):
            return self.user_home + text[1:]
        return os.path.expanduser(text)

    def root(self, path: str) -> str:
        """The root home that ``path`` belongs to (``get_default_hermes_root``)."""
        default = self.user_home and self.default()[0]
        if default and f"{os.path.realpath(path)}/".startswith(f"{os.path.realpath(default)}/"):
            return default
        parent = os.path.dirname(path)
        return os.path.dirname(parent) if os.path.basename(parent) == "profiles" else path

    def active_profile(self, root: str) -> str | None:
        """The profile that the file ``active_profile`` names; None where the agent passes over it without a word."""
        supervised = self.env.get("HERMES_S6_SUPERVISED_CHILD") or self.env.get("HERMES_SUPERVISED_CHILD")
        if supervised or self.env.get("HERMES_GATEWAY_EXTERNAL_SUPERVISOR", "").strip().lower() in _TRUE:
            return None
        try:
            name = peek(os.path.join(root, "active_profile")).decode("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if name not in ("", "default") else None

    def profile(self, root: str, name: str, rule: str, named_by: str = "") -> Home:
        """The home of profile ``name``, which the user may spell in capitals."""
        wanted = name.strip().lower()
        if wanted == "default":
            return self.home(root, rule)
        if not PROFILE_NAME.fullmatch(wanted) or wanted in RESERVED:
            why = (
                "a reserved name, which the agent never selects" if wanted in RESERVED else "a name no profile can have"
            )
            raise self.unknown(root, name, named_by, reason=f"has {why}")
        path = os.path.join(root, "profiles", wanted)
        deleted = _deleted(path)
        if not deleted and trouble(path) != ABSENT:
            return self.home(path, rule)
        user, theirs = _sudo_profile(self.env, wanted)
        if theirs is not None:
            return self.home(theirs, f"{rule}, in the home of sudo's user {user}")
        if problem := trouble(root):
            raise NoSuchHome(root, problem)
        raise self.unknown(root, name, named_by, deleted=deleted)

    def unknown(self, root: str, name: str, named_by: str, deleted: bool = False, reason: str = "") -> UnknownProfile:
        known = tuple(home.profile for home in profiles(root, self.env) if home.profile not in RESERVED)
        return UnknownProfile(root, name, known, deleted, reason, named_by)

    def home(self, path: str, rule: str) -> Home:
        if problem := trouble(path):
            raise NoSuchHome(path, problem)
        root = self.root(path)
        return Home(path, rule, _profile(path, root), root, manager(path, self.env))


def _user_home(env: Mapping[str, str], platform: str) -> str:
    if platform == "win32":
        return env.get("USERPROFILE") or env.get("HOMEDRIVE", "") + env.get("HOMEPATH", "") or os.path.expanduser("~")
    if "HOME" in env:
        return env["HOME"].rstrip("/") or "/"
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # nobody misses it who names a home
        return ""


def _sudo_profile(env: Mapping[str, str], name: str) -> tuple[str, str | None]:
    """Under sudo, a profile that root does not have is looked for in the invoking user's ``~/.hermes``."""
    user = env.get("SUDO_USER", "").strip()
    if user in ("", "root") or os.geteuid() != 0:
        return user, None
    try:
        path = os.path.join(pwd.getpwnam(user).pw_dir, ".hermes", "profiles", name)
    except KeyError:
        return user, None
    return user, path if os.path.isdir(path) and not _deleted(path) else None


def _deleted(path: str) -> bool:
    """Whether the profile home at ``path`` has a tombstone (0.22)."""
    return os.path.exists(os.path.join(os.path.dirname(path), ".deleted", os.path.basename(path)))


def _profile(path: str, root: str) -> str:
    if same_place(path, root):
        return "default"
    for parent, name in (os.path.split(path), os.path.split(os.path.realpath(path))):
        if name != "default" and PROFILE_NAME.fullmatch(name) and same_place(parent, os.path.join(root, "profiles")):
            return name
    return "custom"
