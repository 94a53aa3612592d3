"""The home rules, beside what real agents answered (``agents.json``, recorded by ``record_agents.py``)."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hermes_state import home as homes
from hermes_state.errors import ExitCode, NoSuchHome, StateError, UnknownProfile
from hermes_state.home import Home

HERE = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = json.loads((HERE / "cases.json").read_text())
AGENTS: dict[str, dict[str, dict[str, Any]]] = json.loads((HERE / "agents.json").read_text())
NEWEST = "0.22.2"

#: Where the versions differ and the newest is not the one to follow.
FOLLOWS = {
    "HERMES_HOME tilde literal exists": "0.19.0",  # the directory that exists was made by an agent that is literal
    "HERMES_HOME dot inside a profile": "0.19.0",  # 0.22 looks for profiles below the link or the dot itself
    "HERMES_HOME profile by link and active_profile": "0.19.0",
    "-p with HERMES_HOME default by link": "0.19.0",
    "-p with HERMES_HOME below the default home": "0.19.0",
    "-p empty directory": "0.19.0",  # 0.22 wants a file that marks a profile; looking at an empty one harms nobody
    "windows up to 0.15": "0.15.2",  # the only home that exists
    "managed true": "0.19.0",  # one spelling for each manager
    "managed Nix": "0.19.0",
    "managed other": "0.19.0",
    "managed brew": "0.19.0",  # the union of all versions is the safe one
    "managed marker empty": "0.19.0",
    "managed marker directory": "0.19.0",
    "managed marker false": "0.19.0",
}
#: Where none is followed.
OURS: dict[str, dict[str, Any]] = {
    "default missing": {"exit": 1},  # the agent would create it
    "profile directory is a link": {"profile": "coder"},  # the agent calls it custom
    "managed marker brew": {"managed": "Homebrew"},
}


def grow(base: Path, tree: dict[str, Any]) -> None:
    (base / "user").mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        elif "hex" in content:
            path.write_bytes(bytes.fromhex(content["hex"]))
        else:
            path.symlink_to(content["link"])


def everything(base: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in base.rglob("*"):
        state = path.lstat()
        found[str(path)] = (state.st_mode, state.st_size, state.st_mtime_ns)
    return found


def as_nobody(look: Callable[[], object]) -> str:
    """What ``look`` gives or raises for a user who is not root (root enters everything)."""
    if os.geteuid() != 0:
        return _told(look)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(writer, _told(look).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def _told(look: Callable[[], object]) -> str:
    try:
        return str(look())
    except StateError as error:
        return f"{error.code}: {error.message}"


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory that every user can reach."""
    with tempfile.TemporaryDirectory() as made:
        base = Path(made).resolve()
        base.chmod(0o755)
        yield base


@pytest.mark.parametrize("name", CASES)
def test_a_home_is_found_as_the_agent_finds_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    base = tmp_path.resolve()
    grow(base, case["tree"])
    if "passwd" in case:
        known = {user: SimpleNamespace(pw_dir=str(base / place)) for user, place in case["passwd"].items()}
        monkeypatch.setattr(pwd, "getpwnam", lambda user: known[user])
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    env = {"HOME": str(base / "user")}
    env |= {key: value.replace("{base}", str(base)) for key, value in case.get("env", {}).items()}
    words = case.get("args", [])
    profile = words[-1].removeprefix("--profile=") if words else None
    before = everything(base)
    try:
        found = homes.find(
            None,
            profile,
            env,
            cwd=str(base / case.get("cwd", "user")),
            user_home=str(base / "user"),
            platform=case.get("platform", "linux"),
        )
    except (NoSuchHome, UnknownProfile):
        answer: dict[str, Any] = {"exit": 1}
    else:
        answer = {key: getattr(found, key) for key in ("path", "root", "profile", "managed")}
        answer["root_store"] = homes.root_store(found)
    expected = AGENTS[name][FOLLOWS.get(name, NEWEST)] | OURS.get(name, {})
    if "exit" in expected:
        expected = {"exit": expected["exit"]}
    here = json.loads(json.dumps(expected).replace("{base}", str(base)))
    for key, value in here.items():
        # The agent leaves its root relative when HERMES_HOME is, so it may end in a dot.
        assert answer.get(key) == (value.removesuffix("/.") if isinstance(value, str) else value), key
    assert everything(base) == before


def test_every_case_is_recorded_and_every_exception_is_one() -> None:
    assert list(CASES) == list(AGENTS)
    for name, version in FOLLOWS.items():
        assert AGENTS[name][version] != AGENTS[name][NEWEST], name
    assert set(OURS) <= set(CASES)


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        ("default", "default"),
        ("HERMES_HOME root", "HERMES_HOME"),
        ("HERMES_HOME tilde literal exists", "HERMES_HOME, taken literally"),
        ("HERMES_HOME variable", "HERMES_HOME, expanded"),
        ("HERMES_HOME profile", "HERMES_HOME under profiles/"),
        ("HERMES_HOME profile by tilde", "HERMES_HOME under profiles/, expanded"),
        ("active_profile", "active_profile"),
        ("-p", "--profile"),
        ("windows up to 0.15", "default up to 0.15"),
    ],
)
def test_the_rule_that_fired_is_named(case: str, rule: str, tmp_path: Path) -> None:
    setting = CASES[case]
    grow(tmp_path, setting["tree"])
    env = {key: value.replace("{base}", str(tmp_path)) for key, value in setting.get("env", {}).items()}
    found = homes.find(
        None,
        setting["args"][1] if "args" in setting else None,
        env,
        cwd=str(tmp_path / setting.get("cwd", "user")),
        user_home=str(tmp_path / "user"),
        platform=setting.get("platform", "linux"),
    )
    assert found.rule == rule


def test_the_home_of_sudos_user_is_named_in_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(tmp_path, CASES["-p of sudo's user"]["tree"])
    monkeypatch.setattr(pwd, "getpwnam", lambda user: SimpleNamespace(pw_dir=str(tmp_path / user)))
    env = {"HOME": str(tmp_path / "user"), "SUDO_USER": "alice"}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert homes.find(None, "coder", env).rule == "--profile, in the home of sudo's user alice"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UnknownProfile):
        homes.find(None, "coder", env)


def test_sudo_by_root_itself_looks_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(tmp_path, {"user/.hermes": None, "root/.hermes/profiles/coder/config.yaml": ""})
    monkeypatch.setattr(pwd, "getpwnam", lambda user: SimpleNamespace(pw_dir=str(tmp_path / user)))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(UnknownProfile):
        homes.find(None, "coder", {"HOME": str(tmp_path / "user"), "SUDO_USER": "root"})


def test_of_a_literal_and_an_expanded_home_the_literal_one_is_meant(tmp_path: Path) -> None:
    tree: dict[str, Any] = {"work/~/h": None, "user/h": None}
    for present in (tree, {}):  # both, or neither
        base = tmp_path / str(len(present))
        grow(base, present | {"work/x": ""})
        env = {"HOME": str(base / "user"), "HERMES_HOME": "~/h"}
        try:
            path = homes.find(None, None, env, cwd=str(base / "work")).path
        except NoSuchHome as missing:
            path = missing.path
        assert path == str(base / "work/~/h")


def test_the_name_of_a_variable_ends_at_the_first_letter_that_is_not_ascii(tmp_path: Path) -> None:
    grow(tmp_path, {"dataé": None})
    env = {"HOME": "/nowhere", "HERMES_HOME": "$WHEREé", "WHERE": str(tmp_path / "data")}
    assert homes.find(None, None, env, cwd="/").path == str(tmp_path / "dataé")


def test_the_root_directory_can_be_a_users_home() -> None:
    with pytest.raises(NoSuchHome) as missing:
        homes.find(None, None, {"HOME": "/", "HERMES_DATA_DIR_SUFFIX": "-that-nobody-has"})
    assert missing.value.path == "/.hermes-that-nobody-has"


def test_on_windows_the_profile_directory_and_a_blank_variable_are_understood(tmp_path: Path) -> None:
    grow(tmp_path, {"user/AppData/Local/hermes": None, "user/.hermes": None})
    env = {"USERPROFILE": str(tmp_path / "user"), "LOCALAPPDATA": "  "}
    assert homes.find(None, None, env, platform="win32").path == str(tmp_path / "user/AppData/Local/hermes")


def test_a_suffix_never_leads_to_the_home_without_it(tmp_path: Path) -> None:
    grow(tmp_path, {"user/.hermes": None, "user/.hermes-work": None})
    env = {"USERPROFILE": str(tmp_path / "user"), "HERMES_DATA_DIR_SUFFIX": "-work"}
    with pytest.raises(NoSuchHome) as missing:
        homes.find(None, None, env, platform="win32")
    assert missing.value.path == str(tmp_path / "user/AppData/Local/hermes-work")


def test_a_long_marker_is_cut(tmp_path: Path) -> None:
    (tmp_path / ".managed").write_text("x" * 1000)
    assert homes.manager(str(tmp_path), {}) == "x" * 80


# --- --home ----------------------------------------------------------------------------------------------------------


def test_home_option_is_literal_and_beats_every_rule(tmp_path: Path) -> None:
    grow(tmp_path, {"named/active_profile": "coder", "named/profiles/coder/config.yaml": "", "other": None})
    env = {"HOME": str(tmp_path / "user"), "HERMES_HOME": str(tmp_path / "other")}
    found = homes.find(str(tmp_path / "named"), None, env)
    assert found == Home(str(tmp_path / "named"), "--home", "default", str(tmp_path / "named"), None)


def test_home_option_with_a_profile_means_that_profile_of_its_root(tmp_path: Path) -> None:
    grow(tmp_path, {"named/profiles/coder/config.yaml": "", "named/profiles/other/config.yaml": ""})
    for named in ("named", "named/profiles/coder"):
        found = homes.find(str(tmp_path / named), "other", {"HOME": str(tmp_path / "user")})
        assert (found.path, found.rule) == (str(tmp_path / "named/profiles/other"), "--home and --profile")
    assert homes.find(str(tmp_path / "named/profiles/coder"), "default", {}, user_home="/").path == str(
        tmp_path / "named"
    )


def test_home_option_reaches_a_deleted_profile_that_is_still_there(tmp_path: Path) -> None:
    grow(tmp_path, {"r/profiles/coder/auth.json": "{}", "r/profiles/.deleted/coder": ""})
    coder = str(tmp_path / "r/profiles/coder")
    assert homes.find(coder, None, {}, user_home=str(tmp_path / "user")).profile == "coder"
    with pytest.raises(UnknownProfile) as refused:
        homes.find(None, None, {"HERMES_HOME": coder}, user_home=str(tmp_path / "user"))
    assert refused.value.deleted
    assert refused.value.message == f"profile 'coder' (named by HERMES_HOME) was deleted from {tmp_path}/r"


def test_a_relative_home_option_starts_at_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    assert homes.find("here", None, {}, user_home="/nowhere").path == str(tmp_path / "here")


def test_a_tilde_in_home_option_is_not_expanded(tmp_path: Path) -> None:
    grow(tmp_path, {"user/h": None})
    with pytest.raises(NoSuchHome) as missing:
        homes.find("~/h", None, {"HOME": str(tmp_path / "user")}, cwd=str(tmp_path))
    assert missing.value.path == str(tmp_path / "~/h")


def test_links_in_the_name_of_a_home_are_kept(tmp_path: Path) -> None:
    grow(tmp_path, {"real/config.yaml": "", "link": {"link": "real"}})
    found = homes.find(str(tmp_path / "link"), None, {}, user_home="/nowhere")
    assert (found.path, found.root, found.profile) == (str(tmp_path / "link"), str(tmp_path / "link"), "default")


# --- what is not a home ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("gone", "does not exist"),
        ("file", "is not a directory"),
        ("fifo", "is not a directory"),
        ("dangling", "is a link to something that does not exist"),
        ("loop", "is a link that leads in a circle"),
        ("file/below", "lies below something that is not a directory"),
        ("x" * 300, "File name too long"),
        ("nul\0byte", "is not a possible path"),
    ],
)
def test_what_is_no_home_is_refused_with_the_reason(place: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for option, profile, env in (
        (f"{tmp_path}/{place}", None, {}),
        (f"{tmp_path}/{place}", "coder", {}),
        (None, None, {"HERMES_HOME": f"{tmp_path}/{place}"}),
    ):
        with pytest.raises(NoSuchHome) as refused:
            homes.find(option, profile, env, user_home=str(tmp_path))
        assert (refused.value.path, refused.value.reason) == (f"{tmp_path}/{place}", reason)
        assert refused.value.exit_code is ExitCode.UNREADABLE


def test_an_empty_name_is_not_the_current_directory(tmp_path: Path) -> None:
    with pytest.raises(NoSuchHome, match="not a possible path"):
        homes.find("", None, {}, cwd=str(tmp_path), user_home=str(tmp_path))


def test_a_relative_home_in_a_removed_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def removed() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", removed)
    with pytest.raises(NoSuchHome, match="current directory was removed"):
        homes.find("here", None, {}, user_home="/nowhere")


def test_a_home_that_may_not_be_entered_is_refused(open_path: Path) -> None:
    (open_path / "closed/inner").mkdir(parents=True)
    (open_path / "closed").chmod(0o644)
    for place, reason in (("closed", "no permission to enter it"), ("closed/inner", "Permission denied")):
        path = f"{open_path}/{place}"
        told = as_nobody(lambda path=path: homes.find(path, None, {}, user_home="/nowhere"))  # type: ignore[misc]
        assert told == f"no_such_home: no Hermes home at {path}: {reason}"
    (open_path / "closed").chmod(0o700)


def test_a_missing_root_is_said_to_be_missing_rather_than_its_profile(tmp_path: Path) -> None:
    with pytest.raises(NoSuchHome) as missing:
        homes.find(None, "coder", {}, user_home=str(tmp_path))
    assert missing.value.path == str(tmp_path / ".hermes")


def test_without_home_variable_the_password_database_says_where_the_user_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, {"user/.hermes": None})
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir=str(tmp_path / "user")))
    assert homes.find(None, None, {}).path == str(tmp_path / "user/.hermes")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    with pytest.raises(NoSuchHome, match="HOME is not set"):
        homes.find(None, None, {})


def test_an_active_profile_that_is_a_fifo_does_not_block(tmp_path: Path) -> None:
    grow(tmp_path, {"user/.hermes": None})
    os.mkfifo(tmp_path / "user/.hermes/active_profile")
    assert homes.find(None, None, {"HOME": str(tmp_path / "user")}).rule == "default"


# --- profiles --------------------------------------------------------------------------------------------------------


def test_an_unknown_profile_comes_with_the_known_ones(tmp_path: Path) -> None:
    grow(tmp_path, {"r/profiles/b/x": "", "r/profiles/a/x": "", "r/profiles/test/x": ""})
    with pytest.raises(UnknownProfile) as unknown:
        homes.find(str(tmp_path / "r"), "gone", {}, user_home="/nowhere")
    assert unknown.value.known == ("a", "b")
    assert unknown.value.hint == "known profiles: default, a, b"
    assert unknown.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no name", "has a name no profile can have"), ("../x", "has a name no profile can have")]
    + [(name, "has a reserved name, which the agent never selects") for name in sorted(homes.RESERVED)],
)
def test_an_impossible_profile_name_is_refused_before_looking(name: str, reason: str, tmp_path: Path) -> None:
    grow(tmp_path, {f"r/profiles/{name}/config.yaml": "", "r/x/config.yaml": ""})
    with pytest.raises(UnknownProfile) as unknown:
        homes.find(str(tmp_path / "r"), name, {}, user_home="/nowhere")
    assert unknown.value.reason == reason


def test_profiles_are_sorted_and_only_what_the_agent_lists(tmp_path: Path) -> None:
    tree: dict[str, Any] = {f"r/profiles/{name}/x": "" for name in ("b", "a", "test", "Big", "default", "_x", "gone")}
    tree |= {"r/profiles/file": "x", "r/profiles/.deleted/gone": "", "r/profiles/empty": None, "data/linked/x": ""}
    tree |= {"r/profiles/linked": {"link": "../../data/linked"}, "r/profiles/dangling": {"link": "nowhere"}}
    tree |= {"r/profiles/a/.managed": "home-manager"}
    grow(tmp_path, tree)
    found = homes.profiles(str(tmp_path / "r"), {})
    assert [home.profile for home in found] == ["a", "b", "empty", "linked", "test"]
    assert found[0] == Home(f"{tmp_path}/r/profiles/a", "profiles/", "a", f"{tmp_path}/r", "home-manager")


def test_a_root_without_profiles_has_none(tmp_path: Path) -> None:
    assert homes.profiles(str(tmp_path), {}) == []
    (tmp_path / "profiles").write_text("")
    assert homes.profiles(str(tmp_path), {}) == []


def test_profiles_that_cannot_be_listed_are_not_passed_over(open_path: Path) -> None:
    (open_path / "profiles").mkdir(mode=0o700)
    (open_path / "profiles").chmod(0o111 if os.geteuid() else 0o700)
    told = as_nobody(lambda: homes.profiles(str(open_path), {}))
    assert told == f"no_such_home: no Hermes home at {open_path}/profiles: cannot be listed: Permission denied"


def test_all_homes_begin_with_the_root_and_keep_the_rule_of_the_one_asked_about(tmp_path: Path) -> None:
    grow(tmp_path, {"user/.hermes/profiles/b/x": "", "user/.hermes/profiles/a/x": "", "user/.hermes/sub": None})
    env = {"HOME": str(tmp_path / "user")}
    root = homes.find(None, None, env)
    assert [(home.profile, home.rule) for home in homes.all_homes(root, env)] == [
        ("default", "default"),
        ("a", "profiles/"),
        ("b", "profiles/"),
    ]
    b = homes.find(None, "b", env)
    assert [(home.profile, home.rule) for home in homes.all_homes(b, env)] == [
        ("default", "root"),
        ("a", "profiles/"),
        ("b", "--profile"),
    ]


def test_the_root_store_is_the_roots_and_a_root_has_none(tmp_path: Path) -> None:
    grow(tmp_path, {"user/.hermes/profiles/a/x": "", "alias": {"link": "user/.hermes"}})
    env = {"HOME": str(tmp_path / "user")}
    assert homes.root_store(homes.find(None, "a", env)) == str(tmp_path / "user/.hermes")
    assert homes.root_store(homes.find(None, None, env)) is None
    assert homes.root_store(homes.find(str(tmp_path / "alias"), None, env)) is None


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without HOME and without an entry in the password database, as in many containers."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_can_still_name_one(tmp_path: Path) -> None:
    coder = tmp_path / "profiles" / "coder"
    coder.mkdir(parents=True)
    assert homes.find(str(tmp_path), None, {}).profile == "default"
    assert homes.find(str(coder), None, {}).root == str(tmp_path)
    assert homes.find(str(tmp_path), "coder", {}).path == str(coder)
    assert homes.find(None, None, {"HERMES_HOME": str(tmp_path)}).path == str(tmp_path)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_who_names_none_is_told_why() -> None:
    with pytest.raises(NoSuchHome, match="HOME is not set"):
        homes.find(None, None, {})
