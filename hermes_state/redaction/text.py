"""Free text from files and providers, made fit to be shown: secrets replaced, control characters made visible.

Which words are secrets cannot be known, so what looks like one is taken for one: better a request id too many replaced
than a key too few. A fingerprint takes its place, in the agent's own form, so that equal secrets still look equal.
"""

from __future__ import annotations

import re
from functools import cache

#: Of the agent's rule for names of secrets (``is_secret_key``): exact names that none of the endings covers.
_SECRET_NAMES = frozenset(
    ("apikey", "authorization", "credential", "credentials", "password", "secret", "token", "tokens")
)
_SECRET_ENDINGS = ("_key", "_token", "_secret", "_password")
#: More names that give a secret away in free text; the agent's rule does not have them.
_ALSO_SECRET = frozenset(("cookie", "key", "passwd", "passphrase", "pwd"))
#: Names that prose puts before a colon, too: "invalid token: expected a string".
_IN_PROSE = frozenset(("authorization", "cookie", "credential", "credentials", "key", "secret", "token", "tokens"))
#: What stands where a secret would stand and is none.
_NO_VALUES = (
    "a an empty expired false incorrect invalid is missing no none not null of on required revoked scheme the token"
    " tokens true unset wrong"
)
_NOT_A_VALUE = frozenset(_NO_VALUES.split())

# What a terminal acts on or hides: controls (C0, DEL, C1), bidi marks, zero-width and other invisible format
# characters, separators that break lines, halves of surrogate pairs, tags. Group 1 are the joiners.
_HARMFUL = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]|([\u200c\u200d])"
)
#: Before a joiner: scripts that need it to be spelled (Arabic to Khmer, Mongolian and neighbours) and emoji.
_JOINED = "[\u0600-\u1cff\ua800-\uabff\u2190-\u2bff\ufe0f\U00010a00-\U00011fff\U0001f000-\U0001faff]"
_NAMED_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_MASK = r"\[(?:secret|hidden) sha256:[0-9a-f]{16}\]"
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
_USER_INFO = r"(?<=://)([^\s/:@?\#]*:)?([^\s/@?\#]+)(?=@)"
#: A name that may be one of a secret, up to where its value begins ...
_NAME = r"""
    (?<![A-Za-z0-9_.-])
    ( [A-Za-z0-9_.-]*? (?:key|tokens?|secret|passw(?:or)?d|passphrase|pwd|authorization|credentials?|cookie) )
    ( \\?["']? (?:\s(?:provided|given|used|received|is|was))? \s{0,3} [=:] \s{0,3} (?:(?:bearer|basic|token)\s+)? )
"""
#: ... and the value: quoted (also by \\" and without an end, where the text was cut), or up to white space.
_QUOTED = r"""\\"((?:[^"\\]|\\[^"])*)|"((?:[^"\\]|\\.)*)|'([^']*)"""
_BARE = r"""[^\s"'&,;)}\]\\]+"""
_PARAMETER = rf"([?&](?:code|sig|signature|auth|state|x-amz-[a-z-]+)=)(?!{_MASK})([^\s&\#\"']+)"
_BEARER = rf"\b(Bearer\s+)(?!{_MASK})([^\s\"',;)\]}}]+)"
#: Beginnings by which providers mark their secrets; a digit is wanted, so that ``hf_hub_download`` is none.
_MARKED = r"""
    (?<![A-Za-z0-9]) (?=[A-Za-z0-9_.-]{0,80}\d) (?:
      (?:sk|pk|rk) [-_] [A-Za-z0-9_-]{8,}
    | (?:gh[opsur]_ | github_pat_ | glpat- | xox[abeprs]- | xapp- | hf_ | gsk_ | nvapi- | r8_ | pplx- | tvly- | npm_
       | pypi- | dop_v1_ | ya29\. | SG\. | AIza | AGE-SECRET-KEY- ) [A-Za-z0-9_.-]{12,}
    | (?:AKIA|ASIA) [A-Z0-9]{16}
    | eyJ [A-Za-z0-9_-]{12,} (?: \. [A-Za-z0-9_-]* ){0,2}
    )
"""
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
_LOOSE = int(re.VERBOSE | re.IGNORECASE)
_STRICT = int(re.VERBOSE)
_WORDS = "[A-Z]?[a-z]+|[A-Z]+|[0-9]+"


@cache
def _pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Compiled on first use: most runs of the program never need these."""
    return re.compile(text, flags)


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
    return _pattern(_HARMFUL).sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    character = match[0]
    if match[1] and match.start() and _pattern(_JOINED).match(match.string, match.start() - 1):
        return character
    code = ord(character)
    if code <= 0xFF:
        return _NAMED_ESCAPES.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def is_secret_key(name: str) -> bool:
    """Whether a field of this name holds a secret, by the agent's rule (0.15 and later, ``credential_persistence``).

    Case, dashes, dots and camelCase make no difference. Its list of harmless names needs no copy here: none of them is
    caught by the rest of the rule.
    """
    plain = _pattern("(?<=[a-z0-9])(?=[A-Z])").sub("_", name.strip()).lower().replace("-", "_").replace(".", "_")
    return plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDINGS)


def fingerprint(secret: str) -> str:
    """The agent's fingerprint of a secret: ``sha256:`` and the first 16 hexadecimal digits of its hash."""
    from hashlib import sha256

    return "sha256:" + sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def redact(text: str) -> str:
    """``text`` with everything that looks like a secret replaced by ``[secret sha256:0123456789abcdef]``.

    That is: private key blocks, passwords in URLs, values assigned to names of secrets, what follows ``Bearer``,
    tokens with a provider's mark (``sk-``, ``eyJ``, ``ghp_`` ...), UUIDs, and long runs of mixed letters and digits.
    Words, model names, paths, times, short ids, labelled request ids and fingerprints stay. Redacting twice is
    redacting once.
    """
    if len(text) < 5 or (len(text) < 14 and text.isalnum()):  # nothing below takes so little for a secret
        return text
    text = _pattern(_PRIVATE_KEY, int(re.DOTALL)).sub(lambda match: _mask(match[0]), text)
    text = _pattern(_USER_INFO).sub(_user_info, text)
    text = _assignments(text)
    text = _pattern(_PARAMETER, int(re.IGNORECASE)).sub(lambda match: match[1] + _mask(match[2]), text)
    text = _pattern(_BEARER, int(re.IGNORECASE)).sub(_bearer, text)
    text = _pattern(_MARKED, _STRICT).sub(lambda match: _mask(match[0]), text)
    return _pattern(_RUN, _STRICT).sub(_run, text)


def _mask(secret: str) -> str:
    return f"[secret {fingerprint(secret)}]"


def _user_info(match: re.Match[str]) -> str:
    user, secret = match[1], match[2]
    if user is None and len(secret) < 16:  # a user's name alone
        return match[0]
    return (user or "") + _mask(secret)


def _assignments(text: str) -> str:
    """``text`` with the values of secret names masked. A name is judged first: values may hold names in their turn."""
    kept: list[str] = []
    done = 0
    for match in _pattern(_NAME, _LOOSE).finditer(text):
        name = match[1]
        if match.start() < done or not (is_secret_key(name) or name.lower() in _ALSO_SECRET):
            continue
        quoted = _pattern(_QUOTED).match(text, match.end())
        bare = _pattern(_BARE).match(text, match.end())
        if quoted is not None:
            start, end = quoted.span(quoted.lastindex or 0)
        elif bare is not None:
            start, end = bare.start(), bare.start() + len(bare[0].rstrip(".:"))
        else:
            continue
        if _is_value(name, match[2], text[start:end], quoted is not None):
            kept += text[done:start], _mask(text[start:end])
            done = end
    return "".join((*kept, text[done:]))


def _is_value(name: str, between: str, value: str, is_quoted: bool) -> bool:
    """Whether ``value`` is one, and not a word of a sentence, a count, or a mask that is already there."""
    if not value or value.lower() in _NOT_A_VALUE or value.startswith(("[secret", "[hidden")):
        return False
    if name.lower() == "tokens" and value.isdigit() and len(value) < 10:
        return False
    is_sentence = name.lower() in _IN_PROSE and not is_quoted and re.fullmatch(r"['\"]?\s*:\s*", between) is not None
    return not (is_sentence and re.fullmatch("[A-Za-z][a-z]{0,11}", value))


def _bearer(match: re.Match[str]) -> str:
    secret = match[2].rstrip(".:")
    if secret.lower() in _NOT_A_VALUE or secret.lower().startswith("auth"):
        return match[0]
    return match[1] + _mask(secret) + match[2][len(secret) :]


def _run(match: re.Match[str]) -> str:
    if match["uuid"]:
        return _mask(match["uuid"])
    run = match["run"]
    if run is None:
        return match[0]
    if (run[0] == "/" and run[:2] != "//") or run.startswith(("~/", "./", "../")):  # a path of a file
        return "/".join(_mask(part) if _is_token(part, strict=True) else part for part in run.split("/"))
    if "/" in run and _is_base64(run):
        return _mask(run)
    return "/".join(_mask(part) if _is_token(part) else part for part in run.split("/"))


def _is_base64(run: str) -> bool:
    bare = run.rstrip("=")
    return len(bare) >= 24 and bare.replace("+", "").replace("/", "").isalnum() and _is_random(bare, most=2.6)


def _is_token(part: str, *, strict: bool = False) -> bool:
    pieces = _pattern("[-_.~+=]+").split(part)
    if strict:  # names of temporary directories and digests are not secrets
        return any(len(piece) >= 20 and _is_random(piece, most=3.0) for piece in pieces)
    return any(_is_mixed(piece) for piece in pieces)


def _is_mixed(piece: str) -> bool:
    """Whether a piece without punctuation looks made by chance: hexadecimal, or short words and numbers in turn."""
    if len(piece) < 14 or piece.isdigit():
        return False
    if len(piece) >= 32 and _pattern("[0-9a-fA-F]+").fullmatch(piece):
        return True
    groups = len(_pattern(_WORDS).findall(piece))
    if piece.isalpha():
        return len(piece) >= 20 and len(piece) < 3.2 * groups
    return len(piece) < 3.5 * groups or (len(piece) >= 20 and groups >= 4)


def _is_random(piece: str, *, most: float) -> bool:
    """Whether capitals, small letters and digits all occur and change every few characters (``most`` on average)."""
    has_all = piece != piece.lower() and piece != piece.upper() and any(map(str.isdigit, piece))
    return has_all and len(piece) < most * len(_pattern(_WORDS).findall(piece))
