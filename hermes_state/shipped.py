"""Where the folders are that live beside the package in a checkout and inside it in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def shipped(name: Literal["schemas", "migrations"]) -> Path:
    """The folder ``name``: ``hermes_state/_shipped/<name>`` of an installed wheel, else ``<name>`` of the checkout.

    The wheel's folder comes first: beside an installed package ``<name>`` would be somebody else's. Raises
    FileNotFoundError when neither is there, which means that the installation is damaged.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_shipped" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"this installation of hermes-state lacks its {name!r} folder")
