from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.redaction import fingerprint, harmless, is_secret_key, redact, redact_pointer, shown

# --- harmless --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b2J", r"\x9b2J"),
        ("one\ntwo\r\n\tthree", r"one\ntwo\r\n\tthree"),
        ("\x00\x07\x7f\x85", r"\x00\x07\x7f\x85"),
        ("\u202egnp.exe\u2066x\u2069\u200f\u061c", r"\u202egnp.exe\u2066x\u2069\u200f\u061c"),
        ("pass\u200bword\ufeff\u2060\u00ad", r"pass\u200bword\ufeff\u2060\xad"),
        ("a\u200cb \u200d", r"a\u200cb \u200d"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("half \ud83d of a pair \udcff", r"half \ud83d of a pair \udcff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("nothing\u115f\u3164\u2800\uffa0", r"nothing\u115f\u3164\u2800\uffa0"),
        ("a\u034fb\ufe00\U000e0100\u180e\U0001d173", r"a\u034fb\ufe00\U000e0100\u180e\U0001d173"),
    ],
)
def test_what_a_terminal_acts_on_or_hides_becomes_visible(text: str, visible: str) -> None:
    assert harmless(text) == visible


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words, C:\\path\\new and 100 %",
        "Grüße, žluťoučký kůň, Ελληνικά, русский",
        "日本語のテキスト、한국어、中文「简体」",
        "עברית العربية",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian spells with a non-joiner
        "क्\u200dष ශ්\u200dරී",  # Hindi and Sinhala with a joiner
        "👩\u200d💻 👨🏽\u200d🚀 🏳️\u200d🌈 ✓ ⚠ ✗ █░",
        "ไทย ខ្មែរ မြန်မာ",
    ],
)
def test_ordinary_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_only_one_joiner_is_taken_for_spelling() -> None:
    assert harmless("م\u200c\u200cخ") == "م\u200c\\u200cخ"


@given(st.text(st.characters()))
def test_the_result_is_one_line_that_can_be_printed_anywhere(text: str) -> None:
    visible = harmless(text)
    visible.encode("utf-8")
    assert len(visible.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", visible)
    assert harmless(visible) == visible


# --- redact ----------------------------------------------------------------------------------------------------------

SECRET = "[secret "


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Incorrect API key provided: sk-or-v1-test-0000aaaa.", "sk-or-v1-test-0000aaaa"),
        ("used sk-test-manual-0002, sorry", "sk-test-manual-0002"),
        ("rejected eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl here", "eyJhbGciOiJIUzI1NiJ9"),
        ("header was Bearer abcdef", "abcdef"),
        ("Authorization: Bearer hunter", "hunter"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("GET https://host/v1?key=hunter&model=x", "hunter"),
        ("https://host/cb?code=4/0Adeu5B&state=xyzzy", "4/0Adeu5B"),
        ("https://user:hunter@host/path", "hunter"),
        ("https://0123456789abcdefgh@host/path", "0123456789abcdefgh"),
        ("api_key=hunter", "hunter"),
        ("apiKey: 'hunter'", "hunter"),
        ('{"access_token": "two words"}', "two words"),
        ('{"secret": "two \\" words"}', "words"),
        (r"{\"api_key\": \"two words\", \"a\": 1}", "two words"),
        ('cut off: {"api_key": "two wo', "two wo"),
        ("password: correcthorse", "correcthorse"),
        ("password=1234", "1234"),
        ("client-secret = hunter", "hunter"),
        ("token: hunter2", "hunter2"),
        ("x-api-key:hunter", "hunter"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("AIzaSyTEST0123456789abcdefghijklmnopqrs", "AIzaSyTEST0123456789"),
        ("ghp_TEST0123456789abcdefghijklmnopqrstuv", "ghp_TEST"),
        ("hf_abcdefghijklmnopqrstuvwxyz0123456789", "hf_abc"),
        ("deadbeefdeadbeefdeadbeefdeadbeef", "deadbeef"),
        ("id 3f0c1d2e4b5a69788796a5b4c3d2e1f0 was revoked", "3f0c1d2e"),
        ("got dGhpcyBpcyBhIHNlY3JldCB2YWx1ZSAxMjM0Lw== back", "dGhpcyBp"),
        ("got aGVs/bG8gd29y+bGQhIFRoaXMgaX/MgYSB0ZXN0IDEy back", "bGQhIFRo"),
        ("key Zk3vQ8sT1xWb7RnY5mLc2HdJ of row", "Zk3vQ8sT1xWb7RnY5mLc2HdJ"),
        ("https://api.telegram.org/bot123456:AAEhBP0av28abcDEF123456789abcdefgh/send", "AAEhBP0av28"),
        ("uuid 123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("/srv/Zk3vQ8sT1xWb7RnY5mLc2HdJ/file", "Zk3vQ8sT1xWb7RnY5mLc2HdJ"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----", "abc"),
        ("-----BEGIN PRIVATE KEY-----\nabc, and no end", "abc"),
        ("Bearer: abcdefghij", "abcdefghij"),
        ("user:pass@host failed", "pass"),
        ("redis at 'admin:hunter@db.example.com:6379'", "hunter"),
        ("token deadbeefdeadbeef12", "deadbeef"),
        ("token 'abcDEF123' rejected", "abcDEF123"),
        ('the api-key "abc123XYZ" is wrong', "abc123XYZ"),
        ("API key abc123def rejected", "abc123def"),
        ("OPENROUTER_API_KEY abc123def", "abc123def"),
        ("token abcdefghijklmnop", "abcdefghijklmnop"),
        ("invalid key abcdefghijklmnopqrstuvwxyzabcdef", "abcdefgh"),
        ("password is hunter2!", "hunter2"),
        ("password is 1234", "1234"),
        ("passwd p@ssw", "p@ssw"),
        ('password "hunter"', "hunter"),
        ("secret was p4ssw0rd", "p4ssw0rd"),
        ("bearer token abc123def456", "abc123def456"),
        ("sk-proj-abc", "sk-proj-abc"),
        ("sk-abc123", "abc123"),
        ("\x1b[31msk-ant-api03-AbCd_Ef\x1b[0m", "AbCd_Ef"),
        ("\x1b[1;31mnvapi-ABCdef0123456789_A", "ABCdef0123456789"),
        (r'{"message": "wrong:\nsk-ant-api03-AbCd_Ef"}', "AbCd_Ef"),
        (r"\u001b[0mxoxb-123456789012-AbC", "123456789012"),
        (r"\u003dgsk_AbCdEfGhIjKl1", "AbCdEfGhIjKl1"),
        ("a%3DSG.AbCdEfGhIjKl1", "AbCdEfGhIjKl1"),
    ],
)
def test_what_looks_like_a_secret_is_replaced(text: str, secret: str) -> None:
    clean = redact(text)
    assert secret not in clean
    assert SECRET in clean


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Key limit exceeded",
        "Too many requests: retry after 3600 s, resets in 4hr 5min",
        "Rate limit reached: 30000 tokens, tokens: 4096, max_tokens=4096",
        "api key: not set",
        "The API key is missing; the token was revoked",
        "Invalid token: expected a string",
        "Bearer token is required, Bearer authentication failed",
        "monkey: banana, keyboard=qwerty",
        "https://portal.nousresearch.com/api/v1?model=gpt-4o&page=2",
        "http://127.0.0.1:8000/v1 git@github.com ssh://git@host/repo",
        "claude-3-5-sonnet-20241022 gpt-4o-mini-2024-07-18 anthropic/claude-opus-4.5:beta o3-mini",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo-Free qwen3-235b-a22b-instruct-2507 deepseek-chat-v3-0324:free",
        "accounts/fireworks/models/llama-v3p1-405b-instruct Hermes-4-405B anthropic.claude-3-sonnet-20240229-v1:0",
        "row 7e472f of pool custom:my-local-llm, HS-AUTH-003",
        "2026-11-21T07:44:50.855627+00:00 and 20260102T030405Z-ab12 and 1760003600.123456 and 1768469400250000000",
        "session 20260102_030405_abcdef01",
        "req_011CSHoEeqs5C35K2UUqR7Fy chatcmpl-9aBcDeFgHiJkLmNoPqRsTuVw gen-1731234567-AbCdEfGhIjKlMnOpQrSt",
        "request id: 123e4567-e89b-12d3-a456-426614174000, Request-ID=0af7651916cd43dd8448eb211c80319c",
        "secret fingerprint sha256:0123456789abcdef",
        "[secret sha256:0123456789abcdef] and token=[secret sha256:0123456789abcdef]",
        "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/tmpab12cd34/auth.json",
        "/opt/data/.hermes/profiles/coder/backups/hermes-state/20260102T030405Z-ab12/manifest.json",
        "/var/lib/docker/overlay2/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/merged",
        "hf_hub_download npm_config_registry sk-learn",
        "RateLimitExceededException HTTPSConnectionPoolTimeoutError Rechtsschutzversicherungsgesellschaften",
        "日本語のテキスト and žluťoučký",
        "token expired, token invalidated, token not found, token-based, token (401), token v2, token '' is empty",
        "secret manager, client secret required, key limit exceeded, bearer token required",
        "API key env:OPENROUTER_API_KEY or OPENROUTER_API_KEY is not set; api key 7e472f",
        "max token 4096, token usage: 4000/5000, token 2026-01-01T00:00:00Z, token https://github.com/settings",
        "password expired, the password is wrong!, password-protected, password ****, token <redacted>",
        "token misconfiguration, token RateLimitExceededException, key responsibilities, token ungültig",
        "joe@example.com, mailto:joe@example.com, agent:main:whatsapp:dm:12345678901@s.whatsapp.net",
        "[secret sha256:0123456789abcdef]@host and user:[secret sha256:0123456789abcdef]@host",
    ],
)
def test_ordinary_words_ids_and_paths_stay(text: str) -> None:
    assert redact(text) == text


def test_equal_secrets_have_equal_fingerprints_of_the_agents_form() -> None:
    digest = hashlib.sha256(b"sk-or-v1-test-0000aaaa").hexdigest()[:16]
    assert (
        redact("sk-or-v1-test-0000aaaa sk-or-v1-test-0000aaaa") == f"[secret sha256:{digest}] [secret sha256:{digest}]"
    )
    assert fingerprint("\ud800x") == "sha256:" + hashlib.sha256(b"\xed\xa0\x80x").hexdigest()[:16]


def test_what_stands_around_a_secret_stays() -> None:
    mask = f"[secret {fingerprint('hunter')}]"
    assert redact("('api_key': 'hunter'), Bearer hunter. https://a:hunter@b/") == (
        f"('api_key': '{mask}'), Bearer {mask}. https://a:{mask}@b/"
    )


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "sk-or-v1-",
            "Bearer ",
            "token: ",
            "key=",
            '"',
            "'",
            "://",
            "@",
            "/",
            "?sig=",
            " ",
            "eyJ",
            "-----BEGIN PRIVATE KEY-----",
            "token ",
            "password is ",
            "api key '",
            "user:",
            "sk-proj-",
        ]
    ),
    st.from_regex("[A-Za-z0-9+/=_-]{1,40}", fullmatch=True),
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=32, max_size=64))
def test_a_marked_token_never_gets_through(token: str) -> None:
    assert token not in shown(f"error: sk-0{token}, again")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "sk-" * 60_000,
        "key=" * 50_000,
        '"key":"' * 30_000,
        "eyJ." * 50_000,
        "a-" * 100_000,
        "://" * 60_000,
        "token " * 40_000,
        "token " + "a-" * 100_000,
        "token " + "a" * 200_000,
        "a_" * 100_000 + "token",
        "password '" * 20_000,
        "a:" * 100_000,
        "u:p@" * 50_000,
    ],
)
def test_long_texts_are_no_trap(text: str) -> None:
    assert len(redact(text)) > 0  # a pattern that backtracks would not come to this line


def test_shown_is_redacted_and_harmless() -> None:
    assert shown("\x1b[1m token=hunter") == rf"\x1b[1m token=[secret {fingerprint('hunter')}]"


# --- names -----------------------------------------------------------------------------------------------------------


SECRETS = """
    access_token refresh_token agent_key api_key apikey api_token auth_token authorization bearer_token client_secret
    credential credentials id_token oauth_token private_key secret_key session_token password secret token tokens
    accessToken apiKey X-API-Key my.secret OPENROUTER_API_KEY project_secret anon_token db_password some_key Token
"""
OTHERS = """
    secret_fingerprint secret_source token_type scope client_id agent_key_id agent_key_expires_at agent_key_expires_in
    agent_key_reused agent_key_obtained_at expires_at expires_at_ms expires_in last_refresh last_status last_status_at
    last_error_code last_error_reason last_error_message last_error_reset_at label id source credential_pool
    credential_pool_runtime max_tokens input_tokens monkey key
"""


@pytest.mark.parametrize("name", SECRETS.split())
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_key(name)
    assert is_secret_key(f" {name} ")


@pytest.mark.parametrize("name", ["", *OTHERS.split()])
def test_other_names_are_not(name: str) -> None:
    assert not is_secret_key(name)


@pytest.mark.parametrize(
    ("pointer", "redacted"),
    [
        ("", ""),
        ("/credential_pool/openrouter/0/a~1b~0c", "/credential_pool/openrouter/0/a~1b~0c"),
        ("/pools/deadbeefdeadbeefdeadbeefdeadbeef/x", f"/pools/[secret {fingerprint('deadbeef' * 4)}]/x"),
        ("/pools/https:~1~1me:hunter@host~1v1/x", f"/pools/https:~1~1me:[secret {fingerprint('hunter')}]@host~1v1/x"),
    ],
)
def test_each_name_of_a_pointer_is_taken_by_itself(pointer: str, redacted: str) -> None:
    assert redact_pointer(pointer) == redacted
    assert redact_pointer(redacted) == redacted
