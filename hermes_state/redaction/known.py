"""The secrets that this run has met in files: they are masked wherever they stand, whatever they look like.

A provider that refuses a key may repeat it in its message, and a local server takes any word for a key. Only hashes are
kept, and a document no longer than until something is to be shown.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import Any

from hermes_state.redaction.secret import is_secret_key, mask, pattern

#: Characters of a secret that is told from ordinary words by its being there: ``ollama`` is a key too.
LEAST = 12
#: Where a word ends that could be one.
_WORD = r"""[^\s"'`,;()<>{}\[\]=]{12,}"""
_TRAILING = ".:!?"
#: A fingerprint under such a name, as in a runtime record, is there to be shown.
_SHOWN = "sha256:"

_hashes: set[int] = set()
_unread: deque[Any] = deque()
#: Documents that may wait to be looked into: a run over a thousand homes reads them all before it shows anything.
_MOST = 64


def meet(document: Any) -> None:
    """Remember the secrets in ``document``, which was read from a file: what stands under the names of such."""
    _unread.append(document)
    if len(_unread) > _MOST:
        _learn(_unread.popleft())


def forget() -> None:
    """Forget all secrets that were met."""
    _hashes.clear()
    _unread.clear()


def without_known(text: str) -> str:
    """``text`` with every secret that was met replaced."""
    while _unread:
        _learn(_unread.popleft())
    if not _hashes or len(text) < LEAST:
        return text
    return pattern(_WORD).sub(lambda match: _masked(match[0]), text)


def _masked(word: str) -> str:
    bare = word.rstrip(_TRAILING)
    for each in (word, bare):
        if hash(each) in _hashes:
            return mask(each) + word[len(each) :]
    return word


def _learn(document: Any) -> None:
    pending: list[Any] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str):
                    if (
                        len(inner) >= LEAST
                        and isinstance(key, str)
                        and _is_secret(key)
                        and not inner.startswith(_SHOWN)
                    ):
                        _hashes.add(hash(inner))
                else:
                    pending.append(inner)
        elif isinstance(value, list):
            pending.extend(value)


@cache
def _is_secret(key: str) -> bool:
    return is_secret_key(key)
