"""``sessions/sessions.json``: the gateway's routing index, chat key to current session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from hermes_state.models.sessions import Broken, broken_by_id, broken_by_key, broken_by_time, entries
from hermes_state.models.view import Count, Number, View


def _obeys(rule: Callable[[str], Broken | None]) -> AfterValidator:
    def obeying(text: str) -> str:
        if broken := rule(text):
            raise ValueError(broken[0])
        return text

    return AfterValidator(obeying)


#: What the agent writes, and the part of what it reads that a pattern can say. The rule knows all of it.
_LOCAL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(.[0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?)?$"
_ID = {"pattern": r"\.\.|[/\\]|^[A-Za-z]:"}
_KEY = {"pattern": r"\.\.|^[/\\]|^[A-Za-z]:"}

#: ISO 8601 in local time: without an offset.
LocalTime = Annotated[str, _obeys(broken_by_time), WithJsonSchema({"type": "string", "pattern": _LOCAL_TIME})]
SessionId = Annotated[str, _obeys(broken_by_id), WithJsonSchema({"type": "string", "not": _ID})]
SessionKey = Annotated[str, _obeys(broken_by_key), WithJsonSchema({"type": "string", "not": _KEY})]


class Origin(View):
    """Where the chat is."""

    platform: str
    """telegram, discord, slack ...; an open set, since plugins bring their own."""
    chat_id: str | Number
    """Id of the chat; may be empty. Numbers are read as text."""
    chat_name: str | None = None
    """Name of the chat."""
    chat_type: str | None = None
    """dm, group, channel, thread; an open set."""
    user_id: str | None = None
    """Id of the person."""
    user_name: str | None = None
    """Name of the person."""
    thread_id: str | None = None
    """Id of the thread inside the chat."""
    chat_topic: str | None = None
    """Topic of the chat."""
    user_id_alt: str | None = None
    """Another id of the same person, stable where the first is not."""
    chat_id_alt: str | None = None
    """Another id of the same chat."""
    scope_id: str | None = None
    """Guild, workspace or server (0.18 and later)."""
    guild_id: str | None = None
    """The same under its older name."""
    parent_chat_id: str | None = None
    """The chat that a thread belongs to."""
    message_id: str | None = None
    """Id of the message that started the session."""
    profile: str | None = None
    """Profile that serves the chat (0.17 and later)."""
    auto_thread_created: bool | None = None
    """True when the agent opened the thread itself (0.18.2 and later)."""
    auto_thread_initial_name: str | None = None
    """First name of that thread."""
    prospective_thread_id: str | None = None
    """Id of a thread that does not exist yet (Discord, 0.20 and later)."""


class ModelOverride(View):
    """The model that the user chose for this chat. Agents drop every other key."""

    model: str | None = None
    """Model id."""
    provider: str | None = None
    """Provider id."""
    base_url: str | None = None
    """Endpoint."""


class PromptPin(View):
    """The prompt inputs that internal turns repeat (0.22)."""

    version: int
    """Version of the pin's shape."""
    context_key: str = Field(min_length=1)
    """What the context was made for."""
    context_prompt: str
    """The context itself."""
    redact_pii: bool
    """Whether personal data was taken out of it."""
    channel_prompt: str | None = None
    """Prompt of the channel."""
    parent_chat_id: str | None = None
    """The chat that a thread belongs to."""


class Entry(View):
    """One chat and the session that it is in."""

    session_key: SessionKey
    """The entry's own key, repeated."""
    session_id: SessionId
    """Id of the current session, usually YYYYMMDD_HHMMSS_ and eight hexadecimal digits. Used as a file name."""
    created_at: LocalTime
    """When the session began, local time without offset."""
    updated_at: LocalTime
    """Last activity, local time without offset. Old entries are pruned by it."""
    display_name: str | None = None
    """Name of the chat."""
    platform: str | None = None
    """Platform of the chat; an open set."""
    chat_type: str = "dm"
    """dm, group, channel, thread; an open set."""
    metadata: dict[str, Any] | None = None
    """Small state of the platform's adapter (0.20 and later)."""
    input_tokens: Count = 0
    """Tokens sent."""
    output_tokens: Count = 0
    """Tokens received."""
    cache_read_tokens: Count = 0
    """Tokens read from the provider's cache."""
    cache_write_tokens: Count = 0
    """Tokens written to the provider's cache."""
    total_tokens: Count = 0
    """All tokens."""
    last_prompt_tokens: Count = 0
    """Size of the last prompt in tokens."""
    estimated_cost_usd: Number = 0.0
    """Estimated cost in US dollars."""
    cost_status: str = "unknown"
    """How good the estimate is: unknown, estimated ...; an open set."""
    expiry_finalized: bool = False
    """Whether the end of the session was dealt with."""
    memory_flushed: bool = False
    """The older name of expiry_finalized."""
    suspended: bool = False
    """Whether the next message starts a new session."""
    resume_pending: bool = False
    """Whether the session is to be taken up again after a restart."""
    resume_reason: str | None = None
    """Why it is, such as restart_timeout."""
    yolo: bool = False
    """Whether commands run without asking (0.22)."""
    last_resume_marked_at: LocalTime | None = None
    """When resume_pending was set, local time without offset."""
    active_turn_token: str | None = None
    """Name of the turn that is running (0.20 and later)."""
    active_turn_started_at: LocalTime | None = None
    """When that turn began, local time without offset."""
    is_fresh_reset: bool = False
    """Whether the session was just reset."""
    was_auto_reset: bool = False
    """Whether the agent reset it by itself."""
    auto_reset_reason: str | None = None
    """Why it did: idle, daily, suspended ...; an open set."""
    reset_had_activity: bool = False
    """Whether there had been any activity before."""
    prev_session_id: str | None = None
    """The session before (0.20 and later)."""
    model_override: ModelOverride | None = None
    """The model that the user chose for this chat (0.18.2 and later)."""
    prompt_pin: PromptPin | None = None
    """Prompt inputs that internal turns repeat (0.22)."""
    transport_profile: str | None = None
    """Profile of the bot that received the message (0.22)."""
    origin: Origin | None = None
    """Where the chat is."""


class SessionsFile(View):
    """sessions.json: session key to entry. Keys that begin with an underscore are notes, not entries."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {"^_": {}}})

    __pydantic_extra__: dict[str, Entry]

    @model_validator(mode="before")
    @classmethod
    def _without_notes(cls, value: Any) -> Any:
        return dict(entries(value)) if isinstance(value, dict) else value
