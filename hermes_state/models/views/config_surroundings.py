"""Sections of ``config.yaml`` about everything around the models: tools, what is shown, chats, upkeep, rights."""

from __future__ import annotations

from typing import Any

from hermes_state.models.view import View
from hermes_state.models.views.settings import Amount, Flag, Free, Text, Texts, Whole


class Terminal(View):
    backend: Text = None
    cwd: Text = None
    timeout: Whole = None
    """Seconds."""
    docker_image: Text = None
    singularity_image: Text = None
    modal_image: Text = None
    daytona_image: Text = None
    vercel_image: Text = None
    vercel_runtime: Text = None
    docker_env: Free = None
    docker_volumes: Texts = None
    docker_forward_env: Texts = None
    docker_extra_args: Texts = None
    env_passthrough: Texts = None
    shell_init_files: Texts = None
    container_cpu: Amount = None
    container_memory: Whole = None
    """MiB."""
    container_disk: Whole = None
    """MiB."""
    container_persistent: Flag = None


class DisplayPlatform(View):
    tool_progress: str | bool | None = None
    streaming: Flag = None


class Display(View):
    compact: Flag = None
    personality: Text = None
    skin: Text = None
    language: Text = None
    streaming: Flag = None
    tool_progress: str | bool | None = None
    """all, new, verbose, or false: an off without quotes is false."""
    interim_assistant_messages: Flag = None
    background_process_notifications: str | bool | None = None
    """all, concise, result, error, or false."""
    platforms: dict[str, DisplayPlatform | None] | None = None
    tool_progress_overrides: Free = None
    """Platform to tool_progress; platforms replaced it."""
    runtime_footer: Free = None
    status_bar: Free = None
    pet: Free = None


class Memory(View):
    memory_enabled: Flag = None
    user_profile_enabled: Flag = None
    write_approval: Flag = None
    memory_char_limit: Whole = None
    user_char_limit: Whole = None
    provider: Text = None


class Skills(View):
    external_dirs: Texts = None
    write_approval: Flag = None
    config: Free = None
    """Settings of skills."""
    disabled: str | list[str] | None = None
    auto_load: Texts = None


class CuratorBackup(View):
    enabled: Flag = None
    keep: Whole = None


class Curator(View):
    enabled: Flag = None
    interval_hours: Whole = None
    min_idle_hours: Whole = None
    stale_after_days: Whole = None
    archive_after_days: Whole = None
    consolidate: Flag = None
    prune_builtins: Flag = None
    backup: CuratorBackup | None = None


class Plugins(View):
    enabled: Texts = None
    disabled: Texts = None
    entries: Free = None
    isolation: Text = None
    host: Free = None


class McpServer(View):
    command: Text = None
    args: Texts = None
    env: Free = None
    url: Text = None
    headers: Free = None
    enabled: str | bool | None = None


class Platform(View):
    enabled: Flag = None
    token: Text = None
    """Secret."""
    api_key: Text = None
    """Secret."""
    home_channel: Free = None
    reply_to_mode: Text = None
    channel_overrides: Free = None
    extra: Free = None


class Gateway(View):
    strict: Flag = None
    multiplex_profiles: Flag = None
    profile_routes: list[dict[str, Any]] | None = None
    platforms: dict[str, Platform | None] | None = None
    api_server: Free = None
    media_delivery_allow_dirs: Texts = None
    trust_recent_files: Flag = None
    restart_loop_guard: Free = None
    message_timestamps: Free = None


class Chat(View):
    """What is set for one chat platform by its own name."""

    require_mention: Flag = None
    allowed_channels: str | int | list[str | int] | None = None
    channel_prompts: Free = None


class Cron(View):
    provider: Text = None
    chronos: Free = None
    delivery: Free = None
    max_parallel_jobs: Whole = None
    script_timeout_seconds: Whole = None


class Security(View):
    redact_secrets: Flag = None
    allow_private_urls: Flag = None
    website_blocklist: Free = None
    approval: Free = None
    acked_advisories: Texts = None


class Approvals(View):
    mode: Text = None
    """manual, smart or off; off needs quotes, or it is false."""
    timeout: Whole = None
    """Seconds."""
    cron_mode: Text = None
    deny: Texts = None


class Speech(View):
    """Speech to text, or text to speech."""

    enabled: Flag = None
    provider: Text = None


class Web(View):
    backend: Text = None
    search_backend: Text = None
    extract_backend: Text = None
