"""Sections of ``config.yaml`` that only have to be sections."""

from __future__ import annotations

from hermes_state.models.view import View
from hermes_state.models.views.settings import Free


class OpenSections(View):
    """Sections that hold plain settings, or whose keys are up to the user."""

    attachments: Free = None
    """Files that users send."""
    auth: Free = None
    """Logins."""
    bedrock: Free = None
    """Amazon Bedrock."""
    bot_desktop: Free = None
    """A screen of the agent's own on the gateway's machine."""
    bot_mode: Free = None
    """Messages between agents."""
    browser: Free = None
    """The browser that the agent uses."""
    checkpoints: Free = None
    """Copies of files before the agent changes them."""
    code_execution: Free = None
    """Code that the agent runs."""
    computer_use: Free = None
    """Use of the screen."""
    context: Free = None
    """How the context is put together."""
    dashboard: Free = None
    """The dashboard."""
    database: Free = None
    """The database of sessions."""
    desktop: Free = None
    """The desktop application."""
    doctor: Free = None
    """The doctor command."""
    fallback: Free = None
    """When the agent waits for its model instead of changing to another."""
    goals: Free = None
    """Goals."""
    honcho: Free = None
    """Honcho."""
    hooks: Free = None
    """Commands that run at events."""
    human_delay: Free = None
    """Pauses before answers."""
    image_gen: Free = None
    """Making images."""
    kanban: Free = None
    """The board of tasks."""
    local_runtime: Free = None
    """Models on this machine."""
    logging: Free = None
    """Logs."""
    loops: Free = None
    """Tasks that repeat."""
    lsp: Free = None
    """Language servers."""
    mcp: Free = None
    """MCP servers in general."""
    moa: Free = None
    """Mixture of agents."""
    model_aliases: Free = None
    """Names of the user's own for models."""
    model_overrides: Free = None
    """Settings by model."""
    models_dev: Free = None
    """The list of models of models.dev."""
    monitoring: Free = None
    """What is reported of the gateway's health."""
    network: Free = None
    """The network."""
    nous: Free = None
    """Nous Portal."""
    onboarding: Free = None
    """What new users have seen."""
    openrouter: Free = None
    """OpenRouter."""
    platform_hints: Free = None
    """Instructions by platform."""
    privacy: Free = None
    """Personal data."""
    prompt_caching: Free = None
    """Caching of prompts by providers."""
    proxy: Free = None
    """The proxy that puts secrets in for containers."""
    quick_commands: Free = None
    """Commands of the user's own."""
    runtime: Free = None
    """Limits of the process."""
    secrets: Free = None
    """Where secrets come from."""
    session: Free = None
    """Which session is taken up again."""
    session_reset: Free = None
    """When sessions start anew."""
    sessions: Free = None
    """How long sessions are kept."""
    smart_model_routing: Free = None
    """Which model gets which question."""
    streaming: Free = None
    """Answers that are shown as they come."""
    telemetry: Free = None
    """What is reported."""
    timeouts: Free = None
    """Timeouts."""
    tool_loop_guardrails: Free = None
    """What happens when tools are called over and over."""
    tool_output: Free = None
    """How much of a tool's output is kept."""
    tools: Free = None
    """Tools."""
    updates: Free = None
    """Updates of the agent."""
    vault: Free = None
    """Where the browser takes logins from."""
    vertex: Free = None
    """Google Vertex AI."""
    video_gen: Free = None
    """Making videos."""
    vision: Free = None
    """Images."""
    voice: Free = None
    """Talking."""
    wake_word: Free = None
    """The word that the agent listens for."""
    x_search: Free = None
    """Search on X."""
