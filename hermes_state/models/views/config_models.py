"""Sections of ``config.yaml`` about models: which one answers, how it talks, what is left to others.

Only keys whose types matter are named. Where a text would say no more than the name does, there is none.
"""

from __future__ import annotations

from hermes_state.models.view import View
from hermes_state.models.views.settings import Amount, Flag, Free, Text, Texts, Whole


class Model(View):
    """The model that the agent talks to."""

    default: Text = None
    """Model id."""
    provider: Text = None
    """auto, a built-in provider id, or a key of providers."""
    base_url: Text = None
    api_key: Text = None
    """Secret."""
    api_mode: Text = None
    context_length: Whole = None
    aliases: Free = None


class Provider(View):
    """An endpoint of the user's own."""

    api: Text = None
    """Endpoint."""
    base_url: Text = None
    """Another name of api."""
    url: Text = None
    """Another name of api."""
    name: Text = None
    api_key: Text = None
    """Secret."""
    key_env: Text = None
    """Variable that holds the secret."""
    transport: Text = None
    default_model: Text = None
    context_length: Whole = None
    rate_limit_delay: Amount = None
    """Seconds."""
    request_timeout_seconds: Amount = None
    stale_timeout_seconds: Amount = None
    enabled: str | bool | None = None
    discover_models: str | bool | None = None
    ssl_verify: str | bool | None = None
    extra_body: Free = None
    extra_headers: Free = None
    capabilities: dict[str, bool | None] | None = None


class CustomProvider(View):
    """An entry of the list that providers replaced."""

    name: Text = None
    base_url: Text = None
    api_key: Text = None
    """Secret."""
    model: Text = None
    api_mode: Text = None


class Fallback(View):
    """A model to change to when the one in use does not answer."""

    provider: Text = None
    model: Text = None
    base_url: Text = None
    key_env: Text = None


class Personality(View):
    """How the agent talks."""

    system_prompt: Text = None
    tone: Text = None
    style: Text = None
    description: Text = None


Personalities = dict[str, str | list[str] | Personality | None] | None


class Agent(View):
    max_turns: str | int | None = None
    """A number, or a word for no limit."""
    verify_on_stop: str | bool | None = None
    """auto up to 0.19."""
    system_prompt: str | list[str] | None = None
    personalities: Personalities = None
    disabled_toolsets: str | list[str] | None = None
    reasoning_overrides: Free = None
    gateway_timeout: Whole = None
    """Seconds."""
    api_max_retries: Whole = None
    tool_use_enforcement: str | bool | list[str] | None = None
    empty_response_guard: Free = None
    agent_cache: Free = None
    turn_liveness: Free = None


class Compression(View):
    enabled: Flag = None
    threshold: Amount = None
    """Share of the context."""
    threshold_tokens: Whole = None
    target_ratio: Amount = None
    protect_last_n: Whole = None
    model_thresholds: Free = None


class Task(View):
    """The model for one kind of side task."""

    provider: Text = None
    model: Text = None
    base_url: Text = None
    api_key: Text = None
    """Secret."""
    timeout: Amount = None
    """Seconds."""
    extra_body: Free = None
    reasoning_effort: Text = None


class Auxiliary(View):
    transient_retries: Whole = None
    free_only: Flag = None
    openrouter_model: Text = None
    stream_only_base_urls: Texts = None
    vision: Task | None = None
    web_extract: Task | None = None
    compression: Task | None = None
    skills_hub: Task | None = None
    approval: Task | None = None
    review: Task | None = None
    mcp: Task | None = None
    title_generation: Task | None = None
    memory_query_rewrite: Task | None = None
    tts_audio_tags: Task | None = None
    voice_chat: Task | None = None
    triage_specifier: Task | None = None
    kanban_decomposer: Task | None = None
    profile_describer: Task | None = None
    goal_judge: Task | None = None
    curator: Task | None = None
    monitor: Task | None = None
    background_review: Task | None = None
    moa_reference: Task | None = None
    moa_aggregator: Task | None = None


class Delegation(View):
    model: Text = None
    provider: Text = None
    base_url: Text = None
    api_key: Text = None
    """Secret."""
    max_iterations: Whole = None
    max_concurrent_children: Whole = None
    max_spawn_depth: Whole = None
    child_timeout_seconds: Whole = None
    fallback_providers: list[Fallback] | None = None
    request_overrides: Free = None


class ModelCatalog(View):
    enabled: Flag = None
    url: Text = None
    ttl_minutes: Whole = None
    ttl_hours: Whole = None
    """Replaced by ttl_minutes in 0.22."""
    providers: Free = None
    excluded_providers: Texts = None
