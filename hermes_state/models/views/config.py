"""``config.yaml``: the settings of one home, with the sections and keys whose types matter.

Names and types are those of the agents 0.13 to 0.22, older forms included. Everything may be missing or null,
and what no field names is kept and not judged.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hermes_state.models.views.config_chats import Chat, ChatPlatforms, Gateway, Platform, Speech, Web
from hermes_state.models.views.config_models import (
    Agent,
    Compression,
    CustomProvider,
    Fallback,
    Model,
    Personalities,
    Personality,
    Provider,
)
from hermes_state.models.views.config_open import OpenSections
from hermes_state.models.views.config_tasks import (
    Auxiliary,
    Curator,
    CuratorBackup,
    Delegation,
    Memory,
    ModelCatalog,
    Skills,
    Task,
)
from hermes_state.models.views.config_terminal import (
    Approvals,
    Cron,
    Display,
    DisplayPlatform,
    McpServer,
    Plugins,
    Security,
    Terminal,
)
from hermes_state.models.views.settings import Amount, Flag, Text, Texts, Whole

#: Parts of parts are looked up here when the schema is made.
__all__ = ["Chat", "ConfigFile", "CuratorBackup", "DisplayPlatform", "Personality", "Task"]

Toolsets = dict[str, str | list[str] | None] | None
"""By platform; a text that holds a list occurs too."""


class ConfigFile(OpenSections, ChatPlatforms):
    """config.yaml: the settings of one home."""

    config_version: Whole = Field(None, alias="_config_version")
    """How far the file was migrated; agents stamp it."""
    model: str | Model | None = None
    """Model id, or a section."""
    providers: dict[str, Provider | None] | None = None
    """Endpoints of the user's own, by name."""
    custom_providers: list[CustomProvider] | None = None
    """The older form of providers, still read."""
    fallback_providers: list[Fallback] | None = None
    """Models to change to, in order."""
    fallback_model: Fallback | list[Fallback] | None = None
    """The older form of fallback_providers, still read."""
    credential_pool_strategies: dict[str, str | None] | None = None
    """Provider to fill_first, round_robin, random or least_used; other text counts as fill_first."""
    toolsets: Texts = None
    """Toolsets that are offered."""
    platform_toolsets: Toolsets = None
    """Platform to toolsets."""
    known_builtin_toolsets: Toolsets = None
    """Platform to toolsets that the user has seen."""
    known_plugin_toolsets: Toolsets = None
    """Platform to toolsets of plugins that the user has seen."""
    agent: Agent | None = None
    """How the agent works."""
    terminal: Terminal | None = None
    """Where commands run."""
    display: Display | None = None
    """What is shown, and how."""
    compression: Compression | None = None
    """When and how the context is shortened."""
    auxiliary: Auxiliary | None = None
    """Models for side tasks."""
    memory: Memory | None = None
    """What the agent remembers."""
    skills: Skills | None = None
    """What the agent has learned to do."""
    curator: Curator | None = None
    """Upkeep of skills."""
    delegation: Delegation | None = None
    """Agents that the agent starts."""
    model_catalog: ModelCatalog | None = None
    """The list of models that agents fetch."""
    plugins: Plugins | None = None
    """Plugins."""
    mcp_servers: dict[str, McpServer | None] | None = None
    """MCP servers by name."""
    gateway: Gateway | None = None
    """The process that serves chat platforms."""
    platforms: dict[str, Platform | None] | None = None
    """Chat platforms by name."""
    cron: Cron | None = None
    """Tasks at set times."""
    security: Security | None = None
    """What is hidden and forbidden."""
    approvals: Approvals | None = None
    """Who decides which commands may run."""
    stt: Speech | None = None
    """Speech to text."""
    tts: Speech | None = None
    """Text to speech."""
    web: Web | None = None
    """Search, and reading of web pages."""
    personalities: Personalities = None
    """Personalities by name."""
    timezone: Text = None
    """IANA name of a time zone, or empty."""
    command_allowlist: Texts = None
    """Commands that run without asking."""
    max_concurrent_sessions: Whole = None
    """How many sessions may be busy at a time."""
    max_live_sessions: Whole = None
    """How many sessions stay in memory."""
    context_file_max_chars: Whole = None
    """How much of a context file is read."""
    context_file_read_timeout: Amount = None
    """How long reading a context file may take in seconds."""
    file_read_max_chars: Whole = None
    """How much of a file is read at a time."""
    mcp_discovery_timeout: Amount = None
    """How long MCP servers are waited for in seconds."""
    mcp_single_query_discovery_timeout: Amount = None
    """The same when there is one question only."""
    prefill_messages_file: Text = None
    """File of messages that go before every request."""
    hooks_auto_accept: Flag = None
    """Whether hooks run without asking."""
    paste_collapse_threshold: Whole = None
    """Lines from which a paste is shown folded."""
    paste_collapse_threshold_fallback: Whole = None
    """The same in plain terminals."""
    paste_collapse_char_threshold: Whole = None
    """Characters from which a paste is shown folded."""
    group_sessions_per_user: Flag = None
    """Whether each user of a group has a session."""
    thread_sessions_per_user: Flag = None
    """Whether each user of a thread has a session."""
    stt_echo_transcripts: Flag = None
    """Whether what was understood is shown."""
    always_log_local: Flag = None
    """Whether results of tasks at set times are kept on this machine too."""
    filter_silence_narration: Flag = None
    """Whether remarks on silence are left out."""
    multiplex_profiles: Flag = None
    """As in gateway."""
    profile_routes: list[dict[str, Any]] | None = None
    """As in gateway."""
    require_mention: Flag = None
    """Whether the agent waits to be mentioned."""
    allow_all_users: Flag = None
    """Whether everybody may use the gateway."""
    unauthorized_dm_behavior: Text = None
    """What happens when a stranger writes."""
    reset_triggers: Texts = None
    """Messages that start a session anew."""
    tool_gateway_declined_tools: Texts = None
    """Tools that the user did not want to be hosted."""
    max_turns: str | int | None = None
    """Belongs under agent; agents move it there."""
    provider: Text = None
    """Belongs under model; agents move it there."""
    base_url: Text = None
    """Belongs under model; agents move it there."""
    api_base: Text = None
    """Belongs under model, as base_url; agents move it there."""
    context_length: Whole = None
    """Belongs under model; agents move it there."""
