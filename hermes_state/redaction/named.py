"""Secrets that the name before them gives away: ``api_key=...``, ``password: ...``, ``the token abc123 was``."""

from __future__ import annotations

import re

from hermes_state.redaction.secret import LOOSE, NOT_A_VALUE, STRICT, is_secret_key, mask, pattern

#: More names that give a secret away in free text; the agent's rule does not have them.
_ALSO_SECRET = frozenset(("bearer", "cookie", "key", "passwd", "passphrase", "pwd"))
#: Names that prose puts before a colon, too: "invalid token: expected a string".
_IN_PROSE = frozenset(("authorization", "cookie", "credential", "credentials", "key", "secret", "token", "tokens"))
#: A name that may be one of a secret, up to where its value begins ...
_NAME = r"""
    (?<![A-Za-z0-9_.-])
    ( [A-Za-z0-9_.-]*?
      (?:key|tokens?|secret|passw(?:or)?d|passphrase|pwd|authorization|credentials?|cookie|bearer) )
    ( \\?["']? (?:\s(?:provided|given|used|received|is|was))? \s{0,3} [=:] \s{0,3} (?:(?:bearer|basic|token)\s+)? )
"""
#: ... and the value: quoted (also by \\" and without an end, where the text was cut), or up to white space.
_QUOTED = r"""\\"((?:[^"\\]|\\[^"])*)|"((?:[^"\\]|\\.)*)|'([^']*)"""
_BARE = r"""[^\s"'&,;)}\]\\]+"""
#: A name that prose puts before its value without a sign between; what follows a bare "key" is mostly something else.
_SPOKEN = r"""
    (?<![A-Za-z0-9_.-])
    (?: (?P<only>key)
      | (?:[A-Za-z0-9_.-]*[_.-])? (?: (?P<word>passw(?:or)?d|passphrase|pwd) | secret|token|api[ _-]?key) )
    \\?["']? (?:\s(?:provided|given|used|received|is|was))? \s{1,3}
"""
#: How a sentence goes on after such a name: words, also joined ones; digests, addresses; and, after anything but a
#: password, short numbers, versions, days and ids of credentials.
_LETTER = r"[^\W\d_]"
_WORD = rf"""
    (?: {_LETTER}{{1,15}}
      | {_LETTER}{{1,20}}(?:ations?|ments?|ity|ities|ness|ally|ing)
      | [A-Za-z][a-z]{{2,14}}(?:[A-Z][a-z]{{2,14}})+ )
"""
_WORDS = rf"{_WORD} (?: [-_/.:'\u2019] {_WORD} )* | sha256:[0-9a-f]{{16}} | https?://.*"
_NUMBERS = r"\d{1,9} | v?\d{1,4}(?:\.\d{1,4}){1,3} | \d{4}-\d\d-\d\d[T\d:.Z+-]* | [0-9a-f]{6}"


def assigned(text: str) -> str:
    """``text`` with the values of secret names masked. A name is judged first: values may hold names in their turn."""
    kept: list[str] = []
    done = 0
    for match in pattern(_NAME, LOOSE).finditer(text):
        name = match[1]
        if match.start() < done or not (is_secret_key(name) or name.lower() in _ALSO_SECRET):
            continue
        start, end, is_quoted = _value(text, match.end())
        if _is_value(name, match[2], text[start:end], is_quoted):
            kept += text[done:start], mask(text[start:end])
            done = end
    return "".join((*kept, text[done:]))


def _value(text: str, at: int) -> tuple[int, int, bool]:
    """Where the value that begins at ``at`` starts and ends, and whether it is quoted."""
    quoted = pattern(_QUOTED).match(text, at)
    if quoted is not None:
        return *quoted.span(quoted.lastindex or 0), True
    bare = pattern(_BARE).match(text, at)
    return at, at + len(bare[0].rstrip(".:")) if bare is not None else at, False


def spoken(text: str) -> str:
    """``text`` with what follows names of secrets masked where it is not just how the sentence goes on."""
    kept: list[str] = []
    done = 0
    for match in pattern(_SPOKEN, LOOSE).finditer(text):
        start, end, is_quoted = _value(text, match.end())
        value = text[start:end]
        if match.start() < done or not value or value.startswith(("[secret", "[hidden")):
            continue
        if match["only"]:
            stands_out = value.isalpha() and not _is_said(value, False)
        elif match["word"] and is_quoted:
            stands_out = value.lower() not in NOT_A_VALUE
        else:
            stands_out = not all(_is_said(word, bool(match["word"])) for word in value.split())
        if stands_out:
            kept += text[done:start], mask(value)
            done = end
    return "".join((*kept, text[done:]))


def _is_said(word: str, is_password: bool) -> bool:
    """Whether a word after the name of a secret is one of the sentence."""
    core = pattern(r"^[\W_]+|[\W_]+$").sub("", word)
    return len(core) < 4 or any(
        pattern(kind, STRICT).fullmatch(core) for kind in ((_WORDS,) if is_password else (_WORDS, _NUMBERS))
    )


def _is_value(name: str, between: str, value: str, is_quoted: bool) -> bool:
    """Whether ``value`` is one, and not a word of a sentence, a count, or a mask that is already there."""
    if not value or value.lower() in NOT_A_VALUE or value.startswith(("[secret", "[hidden")):
        return False
    if name.lower() == "tokens" and value.isdigit() and len(value) < 10:
        return False
    is_sentence = name.lower() in _IN_PROSE and not is_quoted and re.fullmatch(r"['\"]?\s*:\s*", between) is not None
    return not (is_sentence and re.fullmatch("[A-Za-z][a-z]{0,11}", value))
