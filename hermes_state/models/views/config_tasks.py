"""Sections of ``config.yaml`` about side tasks, memory and skills."""

from __future__ import annotations

from hermes_state.models.view import View
from hermes_state.models.views.config_models import Fallback
from hermes_state.models.views.settings import Amount, Flag, Free, Text, Texts, Whole


class Task(View):
    """The model for one kind of side task."""

    provider: Text = None
    """Provider id, auto, or main."""
    model: Text = None
    """Model id; empty for the provider's own choice."""
    base_url: Text = None
    """Endpoint."""
    api_key: Text = None
    """Secret."""
    timeout: Amount = None
    """How long a request may take in seconds."""
    extra_body: Free = None
    """Added to every request."""
    reasoning_effort: Text = None
    """Reasoning effort."""


class Auxiliary(View):
    """Models for side tasks."""

    transient_retries: Whole = None
    """How often a request is repeated."""
    free_only: Flag = None
    """Whether only free models are used."""
    openrouter_model: Text = None
    """Model id for openrouter."""
    stream_only_base_urls: Texts = None
    """Endpoints that answer streaming requests only."""
    vision: Task | None = None
    """Looking at images."""
    web_extract: Task | None = None
    """Reading web pages (up to 0.20)."""
    compression: Task | None = None
    """Shortening the context."""
    skills_hub: Task | None = None
    """The skills hub."""
    approval: Task | None = None
    """Judging commands."""
    review: Task | None = None
    """Reviews (0.22)."""
    mcp: Task | None = None
    """MCP servers that ask for a model."""
    title_generation: Task | None = None
    """Titles of sessions."""
    memory_query_rewrite: Task | None = None
    """Questions to the memory."""
    tts_audio_tags: Task | None = None
    """Tags in text that is spoken."""
    voice_chat: Task | None = None
    """Talking (0.22)."""
    triage_specifier: Task | None = None
    """Sorting of tasks."""
    kanban_decomposer: Task | None = None
    """Dividing tasks."""
    profile_describer: Task | None = None
    """Descriptions of profiles."""
    goal_judge: Task | None = None
    """Judging goals."""
    curator: Task | None = None
    """The curator of skills."""
    monitor: Task | None = None
    """Monitoring."""
    background_review: Task | None = None
    """Reviews in the background."""
    moa_reference: Task | None = None
    """Answers of a mixture of agents."""
    moa_aggregator: Task | None = None
    """The one answer of a mixture of agents."""


class Delegation(View):
    """Agents that the agent starts."""

    model: Text = None
    """Model id."""
    provider: Text = None
    """Provider id."""
    base_url: Text = None
    """Endpoint."""
    api_key: Text = None
    """Secret."""
    max_iterations: Whole = None
    """How many turns one of them may take."""
    max_concurrent_children: Whole = None
    """How many may work at a time."""
    max_spawn_depth: Whole = None
    """How many levels of them there may be."""
    child_timeout_seconds: Whole = None
    """How long one may take."""
    fallback_providers: list[Fallback] | None = None
    """Models to change to, in order."""
    request_overrides: Free = None
    """Added to their requests."""


class ModelCatalog(View):
    """The list of models that agents fetch."""

    enabled: Flag = None
    """Whether it is fetched."""
    url: Text = None
    """Where it is."""
    ttl_minutes: Whole = None
    """How long it is kept (0.22)."""
    ttl_hours: Whole = None
    """How long it is kept (up to 0.20)."""
    providers: Free = None
    """Settings by provider."""
    excluded_providers: Texts = None
    """Providers that are left out."""


class Memory(View):
    """What the agent remembers."""

    memory_enabled: Flag = None
    """Whether it remembers anything."""
    user_profile_enabled: Flag = None
    """Whether it remembers who the user is."""
    write_approval: Flag = None
    """Whether the user is asked before something is remembered."""
    memory_char_limit: Whole = None
    """Size of the memory in characters."""
    user_char_limit: Whole = None
    """Size of the user's profile in characters."""
    provider: Text = None
    """Where memories are kept; empty for files."""


class Skills(View):
    """What the agent has learned to do."""

    external_dirs: Texts = None
    """Further directories of skills."""
    write_approval: Flag = None
    """Whether the user is asked before a skill is written."""
    config: Free = None
    """Settings of skills."""
    disabled: str | list[str] | None = None
    """Skills that are not offered."""
    auto_load: Texts = None
    """Skills that are always loaded."""


class CuratorBackup(View):
    """Copies of skills before the curator changes them."""

    enabled: Flag = None
    """Whether they are made."""
    keep: Whole = None
    """How many are kept."""


class Curator(View):
    """Upkeep of skills."""

    enabled: Flag = None
    """Whether there is any."""
    interval_hours: Whole = None
    """How often it runs."""
    min_idle_hours: Whole = None
    """How long the agent must have been idle."""
    stale_after_days: Whole = None
    """When a skill counts as stale."""
    archive_after_days: Whole = None
    """When a stale skill is archived."""
    consolidate: Flag = None
    """Whether skills are merged."""
    prune_builtins: Flag = None
    """Whether skills of the agent's own are archived too."""
    backup: CuratorBackup | None = None
    """Copies before changes."""
