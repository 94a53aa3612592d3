"""``config.yaml``: the settings of one home, sections and keys whose types matter.

Names and types are those of the agents 0.13 to 0.22, legacy ones included. What no field names is kept and not judged.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hermes_state.models.view import View
from hermes_state.models.views.config_models import (
    Agent,
    Auxiliary,
    Compression,
    CustomProvider,
    Delegation,
    Fallback,
    Model,
    ModelCatalog,
    Personalities,
    Personality,
    Provider,
    Task,
)
from hermes_state.models.views.config_surroundings import (
    Approvals,
    Chat,
    Cron,
    Curator,
    CuratorBackup,
    Display,
    DisplayPlatform,
    Gateway,
    McpServer,
    Memory,
    Platform,
    Plugins,
    Security,
    Skills,
    Speech,
    Terminal,
    Web,
)
from hermes_state.models.views.settings import Amount, Flag, Free, Text, Texts, Whole

#: Not named below: parts of parts, which the schema's generator looks up here.
__all__ = ["ConfigFile", "CuratorBackup", "DisplayPlatform", "Personality", "Task"]


class ConfigFile(View):
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
    """Provider to fill_first, round_robin, random or least_used; any other text counts as fill_first."""
    toolsets: Texts = None
    platform_toolsets: dict[str, str | list[str] | None] | None = None
    known_builtin_toolsets: dict[str, str | list[str] | None] | None = None
    known_plugin_toolsets: dict[str, str | list[str] | None] | None = None
    agent: Agent | None = None
    terminal: Terminal | None = None
    display: Display | None = None
    compression: Compression | None = None
    auxiliary: Auxiliary | None = None
    memory: Memory | None = None
    skills: Skills | None = None
    curator: Curator | None = None
    delegation: Delegation | None = None
    model_catalog: ModelCatalog | None = None
    plugins: Plugins | None = None
    mcp_servers: dict[str, McpServer | None] | None = None
    gateway: Gateway | None = None
    platforms: dict[str, Platform | None] | None = None
    cron: Cron | None = None
    security: Security | None = None
    approvals: Approvals | None = None
    stt: Speech | None = None
    tts: Speech | None = None
    web: Web | None = None
    personalities: Personalities = None
    timezone: Text = None
    """IANA name, or empty."""
    command_allowlist: Texts = None
    max_concurrent_sessions: Whole = None
    max_live_sessions: Whole = None
    context_file_max_chars: Whole = None
    context_file_read_timeout: Amount = None
    """Seconds."""
    file_read_max_chars: Whole = None
    mcp_discovery_timeout: Amount = None
    """Seconds."""
    mcp_single_query_discovery_timeout: Amount = None
    """Seconds."""
    prefill_messages_file: Text = None
    hooks_auto_accept: Flag = None
    paste_collapse_threshold: Whole = None
    paste_collapse_threshold_fallback: Whole = None
    paste_collapse_char_threshold: Whole = None
    group_sessions_per_user: Flag = None
    thread_sessions_per_user: Flag = None
    stt_echo_transcripts: Flag = None
    always_log_local: Flag = None
    filter_silence_narration: Flag = None
    multiplex_profiles: Flag = None
    require_mention: Flag = None
    allow_all_users: Flag = None
    reset_triggers: Texts = None
    profile_routes: list[dict[str, Any]] | None = None
    unauthorized_dm_behavior: Text = None
    tool_gateway_declined_tools: Texts = None
    max_turns: str | int | None = None
    """Belongs under agent; agents move it there."""
    provider: Text = None
    """Belongs under model; agents move it there."""
    base_url: Text = None
    """Belongs under model; agents move it there."""
    api_base: Text = None
    """Belongs under model as base_url; agents move it there."""
    context_length: Whole = None
    """Belongs under model; agents move it there."""
    slack: Chat | None = None
    discord: Chat | None = None
    telegram: Chat | None = None
    whatsapp: Chat | None = None
    mattermost: Chat | None = None
    matrix: Chat | None = None
    signal: Chat | None = None
    homeassistant: Chat | None = None
    email: Chat | None = None
    sms: Chat | None = None
    dingtalk: Chat | None = None
    api_server: Chat | None = None
    webhook: Chat | None = None
    msgraph_webhook: Chat | None = None
    feishu: Chat | None = None
    wecom: Chat | None = None
    wecom_callback: Chat | None = None
    weixin: Chat | None = None
    bluebubbles: Chat | None = None
    qqbot: Chat | None = None
    yuanbao: Chat | None = None
    whatsapp_cloud: Chat | None = None
    relay: Chat | None = None
    attachments: Free = None
    auth: Free = None
    bedrock: Free = None
    bot_desktop: Free = None
    bot_mode: Free = None
    browser: Free = None
    checkpoints: Free = None
    code_execution: Free = None
    computer_use: Free = None
    context: Free = None
    dashboard: Free = None
    database: Free = None
    desktop: Free = None
    doctor: Free = None
    fallback: Free = None
    goals: Free = None
    honcho: Free = None
    hooks: Free = None
    human_delay: Free = None
    image_gen: Free = None
    kanban: Free = None
    local_runtime: Free = None
    logging: Free = None
    loops: Free = None
    lsp: Free = None
    mcp: Free = None
    moa: Free = None
    model_aliases: Free = None
    model_overrides: Free = None
    models_dev: Free = None
    monitoring: Free = None
    network: Free = None
    nous: Free = None
    onboarding: Free = None
    openrouter: Free = None
    platform_hints: Free = None
    privacy: Free = None
    prompt_caching: Free = None
    proxy: Free = None
    quick_commands: Free = None
    runtime: Free = None
    secrets: Free = None
    session: Free = None
    session_reset: Free = None
    sessions: Free = None
    smart_model_routing: Free = None
    streaming: Free = None
    telemetry: Free = None
    timeouts: Free = None
    tool_loop_guardrails: Free = None
    tool_output: Free = None
    tools: Free = None
    updates: Free = None
    vault: Free = None
    vertex: Free = None
    video_gen: Free = None
    vision: Free = None
    voice: Free = None
    wake_word: Free = None
    x_search: Free = None
