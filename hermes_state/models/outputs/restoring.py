"""``backups``, ``restore`` and ``recover``: the ways back."""

from __future__ import annotations

from typing import Literal

from hermes_state.models.outputs.part import Count, Identity, Outcome, Output, Part, Seconds


class Copy(Part):
    """One file that can be brought back."""

    file: str
    """Which file it is a copy of."""
    path: str
    """Where the copy is; of an archive, the archive."""
    outcome: Outcome
    """How reading the copy ended. Only one that is ok can be restored."""
    size: Count
    """Bytes."""
    rows: Count | None
    """How many credentials it holds; null for what is not a readable auth.json."""


class Source(Part):
    """Something to restore from."""

    name: str
    """What to type after restore."""
    origin: Literal["hermes-state", "agent"]
    """Who made it."""
    path: str
    """The folder, archive or file."""
    created_at: Seconds
    """When it was made, epoch seconds; 0 where that cannot be seen."""
    reason: str
    """What it was made for, for people."""
    other_home: str | None
    """The home that it was made of, where that is known to be another one than this; else null."""
    files: list[Copy]
    """What is in it."""


class BackedUpHome(Part):
    """What one home can be brought back from."""

    path: str
    """The directory."""
    profile: str
    """Its profile; that of a root home is default."""
    backups: list[Source]
    """The newest first."""


class BackupsOutput(Output):
    """What backups --json prints."""

    format: Literal["hermes-state/backups"]
    """Which output this is."""
    homes: list[BackedUpHome]
    """The homes that were looked at, the root first."""


class Row(Part):
    """A credential that differs between the copy and now."""

    pool: str
    """The key of its pool."""
    id: Identity
    """Its id; null where it has none."""
    what: Literal["only_in_backup", "only_now", "token_differs", "fields_differ"]
    """How it differs."""


class RestoredFile(Part):
    """What was done to one file, or with dry_run would be."""

    file: str
    """Which file."""
    path: str
    """Where the agent looks for it."""
    changed: bool
    """Whether its content changed."""
    atomic: bool
    """false where it was written in place: a reader in that moment could see half of it."""
    backup: str | None
    """The folder with the file as it was before; null where nothing was replaced, and with dry_run."""
    live_tokens_kept: bool
    """Whether tokens of now were kept in place of the copy's."""
    shared_with: list[str]
    """The other homes whose file this is."""
    links_then: list[str] | None
    """The links that led to it when it was backed up, where that differs from now (empty: it was none); else null."""
    rows: list[Row]
    """The credentials that differ."""
    diff: str = ""
    """Only with --diff: the changed lines as a unified diff, with fingerprints in place of secrets."""


class RestoreOutput(Output):
    """What restore --json prints."""

    format: Literal["hermes-state/restore"]
    """Which output this is."""
    dry_run: bool
    """Whether it was a rehearsal: nothing was written."""
    home: str
    """The home that was worked on."""
    backup: str
    """The full name of what was restored from."""
    other_home: str | None
    """The home that it was made of, where that is known to be another one (or this one was moved); else null."""
    files: list[RestoredFile]
    """The files that were restored."""


class Mended(Part):
    """A file that was half written and holds its old content again."""

    home: str
    """The home."""
    path: str
    """The file."""
    record: str
    """The folder with both contents, which is gone now."""


class Swept(Part):
    """Something that a killed run left lying, and that went."""

    home: str
    """The home."""
    path: str
    """What went."""


class LeftRecord(Part):
    """A record of an interrupted write that stays."""

    home: str
    """The home."""
    path: str | None
    """The file that was written; null where that is not known."""
    record: str
    """The folder with both contents."""
    reason: Literal["changed_since", "running", "foreign", "unreadable"]
    """Why."""


class RecoverOutput(Output):
    """What recover --json prints."""

    format: Literal["hermes-state/recover"]
    """Which output this is."""
    mended: list[Mended]
    """Files that hold their old content again."""
    swept: list[Swept]
    """What went."""
    left: list[LeftRecord]
    """What stays."""
