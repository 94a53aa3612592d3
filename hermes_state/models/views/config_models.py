"""Sections of ``config.yaml`` about models: which one answers, how it talks, what it is told."""

from __future__ import annotations

from hermes_state.models.view import View
from hermes_state.models.views.settings import Amount, Flag, Free, Text, Whole


class Model(View):
    """The model that the agent talks to."""

    default: Text = None
    """Model id."""
    provider: Text = None
    """auto, a built-in provider id, or a key of providers."""
    base_url: Text = None
    """Endpoint."""
    api_key: Text = None
    """Secret."""
    api_mode: Text = None
    """Protocol of the endpoint."""
    context_length: Whole = None
    """Size of the context in tokens."""
    aliases: Free = None
    """Names of the user's own for models."""


class Provider(View):
    """An endpoint of the user's own."""

    api: Text = None
    """Endpoint."""
    base_url: Text = None
    """Another name of api."""
    url: Text = None
    """Another name of api."""
    name: Text = None
    """Name to show."""
    api_key: Text = None
    """Secret."""
    key_env: Text = None
    """Variable that holds the secret."""
    transport: Text = None
    """Protocol of the endpoint."""
    default_model: Text = None
    """Model id."""
    context_length: Whole = None
    """Size of the context in tokens."""
    rate_limit_delay: Amount = None
    """Pause between requests in seconds."""
    request_timeout_seconds: Amount = None
    """How long a request may take."""
    stale_timeout_seconds: Amount = None
    """How long an answer may stand still."""
    enabled: str | bool | None = None
    """Whether it is used; text is read as a truth value."""
    discover_models: str | bool | None = None
    """Whether the endpoint is asked for its models."""
    ssl_verify: str | bool | None = None
    """Whether certificates are checked, or a file of certificates."""
    extra_body: Free = None
    """Added to every request."""
    extra_headers: Free = None
    """Added to the headers of every request."""
    capabilities: dict[str, bool | None] | None = None
    """What its models can do."""


class CustomProvider(View):
    """An entry of the list that providers replaced."""

    name: Text = None
    """Name; it becomes the key in providers."""
    base_url: Text = None
    """Endpoint."""
    api_key: Text = None
    """Secret."""
    model: Text = None
    """Model id."""
    api_mode: Text = None
    """Protocol of the endpoint."""


class Fallback(View):
    """A model to change to when the one in use does not answer."""

    provider: Text = None
    """Provider id."""
    model: Text = None
    """Model id."""
    base_url: Text = None
    """Endpoint."""
    key_env: Text = None
    """Variable that holds the secret."""


class Personality(View):
    """How the agent talks."""

    system_prompt: Text = None
    """Instructions."""
    tone: Text = None
    """Added to the instructions."""
    style: Text = None
    """Added to the instructions."""
    description: Text = None
    """For people."""


Personalities = dict[str, str | list[str] | Personality | None] | None


class Agent(View):
    """How the agent works."""

    max_turns: str | int | None = None
    """How many turns one task may take, or a word for no limit."""
    verify_on_stop: str | bool | None = None
    """Whether work is checked at the end; auto up to 0.19."""
    system_prompt: str | list[str] | None = None
    """Instructions, a list of lines included."""
    personalities: Personalities = None
    """Personalities by name."""
    disabled_toolsets: str | list[str] | None = None
    """Toolsets that are never offered."""
    reasoning_overrides: Free = None
    """Reasoning effort by model."""
    gateway_timeout: Whole = None
    """How long a turn in a chat may take in seconds."""
    api_max_retries: Whole = None
    """How often a request is repeated."""
    tool_use_enforcement: str | bool | list[str] | None = None
    """Whether models are told to use tools."""
    empty_response_guard: Free = None
    """What happens after empty answers."""
    agent_cache: Free = None
    """How many agents the gateway keeps."""
    turn_liveness: Free = None
    """When a turn counts as stuck."""


class Compression(View):
    """When and how the context is shortened."""

    enabled: Flag = None
    """Whether it is shortened."""
    threshold: Amount = None
    """Share of the context that starts it."""
    threshold_tokens: Whole = None
    """Tokens that start it."""
    target_ratio: Amount = None
    """Share that is to be left."""
    protect_last_n: Whole = None
    """Messages at the end that stay."""
    model_thresholds: Free = None
    """Thresholds by model."""
