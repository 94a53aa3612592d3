"""Free text from files and providers, made fit to be shown: secrets replaced, control characters made visible.

Which words are secrets cannot be known, so what looks like one is taken for one: better a request id too many replaced
than a key too few. A fingerprint takes its place, in the agent's own form, so that equal secrets still look equal.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hermes_state.redaction.known import without_known
from hermes_state.redaction.named import assigned, spoken
from hermes_state.redaction.secret import NOT_A_VALUE, STRICT, mask, pattern

# What a terminal acts on or hides: controls (C0, DEL, C1), bidi marks, what Unicode calls default ignorable (zero-width
# and other invisible characters, fillers, selectors but the one for emoji, tags), the empty braille cell, separators
# that break lines, halves of surrogate pairs. Group 1 are the joiners.
_HARMFUL = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|([\u200c\u200d])"
)
#: Before a joiner: scripts that need it to be spelled (Arabic to Khmer, Mongolian and neighbours) and emoji.
_JOINED = "[\u0600-\u1cff\ua800-\uabff\u2190-\u2bff\ufe0f\U00010a00-\U00011fff\U0001f000-\U0001faff]"
_NAMED_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_MASK = r"\[(?:secret|hidden) sha256:[0-9a-f]{16}\]"
#: One of these is in everything that needs more than a look at its single runs.
_SIGNS = "key|token|secret|passw|passphrase|pwd|authorization|credential|cookie|bearer|[@?&]"
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
_USER_INFO = r"(?<=://)([^\s/:@?\#]*:)?([^\s/@?\#]+)(?=@)"
_LOGIN = r"""(?<![^\s"'`(<=,;])(?!sha256:|mailto:)([^\s/:@?\#"'`(<=,;]{1,64}:)([^\s/:@?\#"']{1,256})(?=@[A-Za-z0-9])"""
_PARAMETER = rf"([?&](?:code|sig|signature|auth|state|x-amz-[a-z-]+)=)(?!{_MASK})([^\s&\#\"']+)"
_BEARER = rf"\b(Bearer\s+)(?!{_MASK})([^\s\"',;)\]}}]+)"
#: Where a token can begin: not within a word, unless what ends there is an escape (of JSON, of a URL, of a terminal's
#: colours).
_EDGE = (
    r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\x[0-9A-Fa-f]{2})|(?<=%[0-9A-Fa-f]{2})"
    r"|(?<=[0-9;\[]m))"
)
#: Beginnings by which providers mark their secrets; a digit is wanted, so that ``hf_hub_download`` is none.
_MARKED = rf"""
    {_EDGE} (?=[A-Za-z0-9_.-]{{0,80}}\d) (?:
      sk [-_] [A-Za-z0-9_-]{{4,}}
    | [pr]k [-_] [A-Za-z0-9_-]{{8,}}
    | (?:gh[opsur]_ | github_pat_ | glpat- | xox[abeprs]- | xapp- | hf_ | gsk_ | nvapi- | r8_ | pplx- | tvly- | npm_
       | pypi- | dop_v1_ | ya29\. | SG\. | AIza | AGE-SECRET-KEY- ) [A-Za-z0-9_.-]{{12,}}
    | (?:AKIA|ASIA) [A-Z0-9]{{16}}
    | eyJ [A-Za-z0-9_-]{{12,}} (?: \. [A-Za-z0-9_-]* ){{0,2}}
    )
"""
#: Of these the beginning is enough.
_NAMED = rf"(?=sk[-_]){_EDGE}sk[-_](?:proj|or|ant|live|test|svcacct|admin)[-_][A-Za-z0-9_-]{{3,}}"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
#: What is left of a text is taken in runs; the first alternatives are long mixed runs that are no secrets.
_RUN = rf"""
    {_MASK.replace(" ", "[ ]")}
    | sha256:[0-9a-f]{{16}}(?![0-9A-Za-z])
    | (?<![A-Za-z0-9]) \d{{8}}T\d{{6}}Z(?:-[0-9a-f]{{4}})? (?![A-Za-z0-9])
    | (?<![A-Za-z0-9_-]) (?:req|msg|resp|chatcmpl|gen)[_-][A-Za-z0-9-]{{6,40}} (?![A-Za-z0-9_-])
    | \b (?i:request|trace|correlation)[ _-]?(?i:id) \W{{0,4}} (?:{_UUID}|[A-Za-z0-9_-]{{6,40}}) (?![A-Za-z0-9_-])
    | (?P<uuid> (?<![A-Za-z0-9]) {_UUID} (?![A-Za-z0-9]) )
    | (?P<run> [A-Za-z0-9_+/.~-]{{13,}} [A-Za-z0-9_+/-] ={{0,2}} )
"""
#: Up to so many characters the result is remembered.
_SHORT = 80
_WORDS = "[A-Z]?[a-z]+|[A-Z]+|[0-9]+"


def shown(text: str) -> str:
    """``text`` without secrets and without harmful characters."""
    return harmless(redact(text))


def harmless(text: str) -> str:
    """``text`` with what a terminal acts on, or hides, written out (``\\x1b``, ``\\n``, ``\\u202e``).

    Ordinary text of any language stays as it is; joiners (U+200C, U+200D) stay where a script or an emoji needs them.
    The result can be encoded as UTF-8 and stays on one line.
    """
    if text.isascii() and text.isprintable():
        return text
    return pattern(_HARMFUL).sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    character = match[0]
    if match[1] and match.start() and pattern(_JOINED).match(match.string, match.start() - 1):
        return character
    code = ord(character)
    if code <= 0xFF:
        return _NAMED_ESCAPES.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def redact(text: str) -> str:
    """``text`` with everything that looks like a secret replaced by ``[secret sha256:0123456789abcdef]``.

    That is: private key blocks, passwords in URLs and logins, values assigned to names of secrets, what follows these
    names or ``Bearer`` and is no ordinary word, tokens with a provider's mark (``sk-``, ``eyJ``, ``ghp_`` ...),
    UUIDs, and long runs of mixed letters and digits. Words, model names, paths, times, short ids, labelled request
    ids and fingerprints stay. So is every secret that was met in a file (``known``). Redacting twice is redacting once.
    """
    text = without_known(text)
    if len(text) < 5 or (len(text) < 14 and text.isalnum()):  # nothing below takes so little for a secret
        return text
    return _remembered(text) if len(text) <= _SHORT else _redacted(text)


def redact_pointer(pointer: str) -> str:
    """A JSON pointer (RFC 6901) with each of its names redacted by itself: as a whole it looks like the path of a file,
    in which less is taken for a secret, and its escapes hide what a name is."""
    return "/".join(map(_redacted_step, pointer.split("/"))) if pointer else pointer


def _redacted_step(step: str) -> str:
    name = step.replace("~1", "/").replace("~0", "~")
    redacted = redact(name)
    return step if redacted == name else redacted.replace("~", "~0").replace("/", "~1")


@lru_cache(maxsize=1024)
def _remembered(text: str) -> str:
    """Names come again and again: every row of a pool has its source."""
    return _redacted(text)


def _redacted(text: str) -> str:
    if pattern(_SIGNS, int(re.IGNORECASE)).search(text):  # most texts have none of them
        text = pattern(_PRIVATE_KEY, int(re.DOTALL)).sub(lambda match: mask(match[0]), text)
        text = pattern(_USER_INFO).sub(_user_info, text)
        text = pattern(_LOGIN).sub(lambda match: match[1] + mask(match[2]), text)
        text = spoken(assigned(text))
        text = pattern(_PARAMETER, int(re.IGNORECASE)).sub(lambda match: match[1] + mask(match[2]), text)
        text = pattern(_BEARER, int(re.IGNORECASE)).sub(_bearer, text)
    for marked in (_NAMED, _MARKED):
        text = pattern(marked, STRICT).sub(lambda match: mask(match[0]), text)
    return pattern(_RUN, STRICT).sub(_run, text)


def _user_info(match: re.Match[str]) -> str:
    user, secret = match[1], match[2]
    if user is None and len(secret) < 16:  # a user's name alone
        return match[0]
    return (user or "") + mask(secret)


def _bearer(match: re.Match[str]) -> str:
    secret = match[2].rstrip(".:")
    if secret.lower() in NOT_A_VALUE or secret.lower().startswith("auth"):
        return match[0]
    return match[1] + mask(secret) + match[2][len(secret) :]


def _run(match: re.Match[str]) -> str:
    if match["uuid"]:
        return mask(match["uuid"])
    run = match["run"]
    if run is None:
        return match[0]
    if (run[0] == "/" and run[:2] != "//") or run.startswith(("~/", "./", "../")):  # a path of a file
        return "/".join(mask(part) if _is_token(part, strict=True) else part for part in run.split("/"))
    if "/" in run and _is_base64(run):
        return mask(run)
    return "/".join(mask(part) if _is_token(part) else part for part in run.split("/"))


def _is_base64(run: str) -> bool:
    bare = run.rstrip("=")
    return len(bare) >= 24 and bare.replace("+", "").replace("/", "").isalnum() and _is_random(bare, most=2.6)


def _is_token(part: str, *, strict: bool = False) -> bool:
    pieces = pattern("[-_.~+=]+").split(part)
    if strict:  # names of temporary directories and digests are not secrets
        return any(len(piece) >= 20 and _is_random(piece, most=3.0) for piece in pieces)
    return any(_is_mixed(piece) for piece in pieces)


def _is_mixed(piece: str) -> bool:
    """Whether a piece without punctuation looks made by chance: hexadecimal, or short words and numbers in turn."""
    if len(piece) < 14 or piece.isdigit():
        return False
    if len(piece) >= 32 and pattern("[0-9a-fA-F]+").fullmatch(piece):
        return True
    groups = len(pattern(_WORDS).findall(piece))
    if piece.isalpha():
        return len(piece) >= 20 and len(piece) < 3.2 * groups
    return len(piece) < 3.5 * groups or (len(piece) >= 20 and groups >= 4)


def _is_random(piece: str, *, most: float) -> bool:
    """Whether capitals, small letters and digits all occur and change every few characters (``most`` on average)."""
    has_all = piece != piece.lower() and piece != piece.upper() and any(map(str.isdigit, piece))
    return has_all and len(piece) < most * len(pattern(_WORDS).findall(piece))
