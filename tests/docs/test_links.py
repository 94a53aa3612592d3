"""Links between the pages lead somewhere, down to the heading, and every page is reached from the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text("utf-8"))


def links(path: Path) -> list[str]:
    """The links of a page that lead to other files, or to places in it."""
    return [link for link in _LINK.findall(prose(path)) if not re.match(r"[a-z]+:", link)]


def anchors(path: Path) -> set[str]:
    """What a ``#`` may be followed by: the headings of a page as GitHub names them."""
    made: list[str] = []
    for heading in re.findall(r"^#{1,6} (.+)$", prose(path), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        made.append(f"{name}-{count}" if (count := made.count(name)) else name)
    return set(made)


def trouble(path: Path, link: str) -> str | None:
    """Why ``link`` leads nowhere, or None."""
    file, _, anchor = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    if not target.exists():
        return f"{path.name}: {link}: there is no such file"
    if anchor and anchor not in anchors(target):
        return f"{path.name}: {link}: there is no such heading"
    return None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert [found for link in links(path) if (found := trouble(path, link))] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = set(), [PROJECT / "README.md"]
    while ahead:
        path = ahead.pop()
        if path in reached or not path.exists():
            continue
        reached.add(path)
        ahead += [
            to for link in links(path) if (to := (path.parent / link.partition("#")[0]).resolve()).suffix == ".md"
        ]
    assert sorted(str(path.relative_to(PROJECT)) for path in set(PAGES) - reached) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `two`, three!\n\n## One\n\n## One\n\n```sh\n# no heading [x](nowhere.md)\n```\n")
    (tmp_path / "other.md").write_text("# Here\n")
    assert anchors(page) == {"one-two-three", "one", "one-1"}
    assert links(page) == []
    for link in ("other.md", "other.md#here", "#one-two-three", "#one-1"):
        assert trouble(page, link) is None
    for link in ("gone.md", "other.md#there", "#no-heading-xnowheremd"):
        assert trouble(page, link) is not None
