"""Every finding has its entry in docs/findings/, under the catalogue's own title; no entry outlives its finding."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hermes_state.findings import CATALOGUE, Severity

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "findings"
KINDS = sorted({kind for _, kind, _ in CATALOGUE.values()})
_HEADING = re.compile(r"^#{1,6} (HS-[A-Z]+-\d{3}) ?(.*)$", re.MULTILINE)
_ID = re.compile(r"HS-[A-Z]+-\d{3}")


def page(kind: str) -> str:
    return (FOLDER / f"{kind}.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_finding_has_one_entry_with_its_title_on_the_page_of_its_kind(kind: str) -> None:
    wanted = {id: title for id, (_, of, title) in CATALOGUE.items() if of == kind}
    found = _HEADING.findall(page(kind))
    assert [id for id, count in Counter(id for id, _ in found).items() if count > 1] == []
    assert dict(found) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_the_entries_of_a_page_are_in_the_order_of_their_ids(kind: str) -> None:
    ids = [id for id, _ in _HEADING.findall(page(kind))]
    assert ids == sorted(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_no_entry_is_empty(kind: str) -> None:
    _, *entries = re.split(r"^### ", page(kind), flags=re.MULTILINE)
    assert [entry.splitlines()[0] for entry in entries if len(entry.split()) < 20] == []


def test_there_is_a_page_for_every_kind_and_the_index_names_each() -> None:
    pages = {path.stem for path in FOLDER.glob("*.md")} - {"README"}
    assert pages == set(KINDS)
    index = (FOLDER / "README.md").read_text("utf-8")
    assert [kind for kind in KINDS if f"[{kind}]({kind}.md)" not in index] == []
    assert [level for level in Severity if f"| {level.value} |" not in index] == []


def test_no_page_of_the_docs_names_a_finding_that_does_not_exist() -> None:
    docs = [*FOLDER.parent.rglob("*.md"), FOLDER.parent.parent / "README.md"]
    named = {(path.name, id) for path in docs for id in _ID.findall(path.read_text("utf-8"))}
    assert [(name, id) for name, id in sorted(named) if id not in CATALOGUE] == []
