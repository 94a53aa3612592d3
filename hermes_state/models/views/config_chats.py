"""Sections of ``config.yaml`` about chat platforms, speech and the web."""

from __future__ import annotations

from typing import Any

from hermes_state.models.view import View
from hermes_state.models.views.settings import Flag, Free, Text, Texts


class Platform(View):
    """A chat platform."""

    enabled: Flag = None
    """Whether it is used."""
    token: Text = None
    """Secret."""
    api_key: Text = None
    """Secret."""
    home_channel: Free = None
    """Where the agent speaks up by itself."""
    reply_to_mode: Text = None
    """Whether answers quote what they answer."""
    channel_overrides: Free = None
    """Settings by channel."""
    extra: Free = None
    """Settings of the platform's adapter."""


class Gateway(View):
    """The process that serves chat platforms."""

    strict: Flag = None
    """Whether faults of the settings stop it."""
    multiplex_profiles: Flag = None
    """Whether one gateway serves all profiles."""
    profile_routes: list[dict[str, Any]] | None = None
    """Which chats belong to which profile."""
    platforms: dict[str, Platform | None] | None = None
    """Platforms by name."""
    api_server: Free = None
    """The gateway's own API."""
    media_delivery_allow_dirs: Texts = None
    """Directories that files may be sent from."""
    trust_recent_files: Flag = None
    """Whether files that were just made may be sent."""
    restart_loop_guard: Free = None
    """When restarts stop."""
    message_timestamps: Free = None
    """Whether messages carry times."""


class Speech(View):
    """Speech to text, or text to speech."""

    enabled: Flag = None
    """Whether it is used."""
    provider: Text = None
    """Provider id; its settings are in a section of that name."""


class Web(View):
    """Search, and reading of web pages."""

    backend: Text = None
    """Who searches and reads."""
    search_backend: Text = None
    """Who searches."""
    extract_backend: Text = None
    """Who reads."""


class Chat(View):
    """What is set for one chat platform under its own name."""

    require_mention: Flag = None
    """Whether the agent waits to be mentioned."""
    allowed_channels: str | int | list[str | int] | None = None
    """Channels that it may be used in."""
    channel_prompts: Free = None
    """Instructions by channel."""


class ChatPlatforms(View):
    """Chat platforms under their own names at the root."""

    slack: Chat | None = None
    """Slack."""
    discord: Chat | None = None
    """Discord."""
    telegram: Chat | None = None
    """Telegram."""
    whatsapp: Chat | None = None
    """WhatsApp."""
    whatsapp_cloud: Chat | None = None
    """WhatsApp, cloud API."""
    mattermost: Chat | None = None
    """Mattermost."""
    matrix: Chat | None = None
    """Matrix."""
    signal: Chat | None = None
    """Signal."""
    homeassistant: Chat | None = None
    """Home Assistant."""
    email: Chat | None = None
    """E-mail."""
    sms: Chat | None = None
    """SMS."""
    dingtalk: Chat | None = None
    """DingTalk."""
    api_server: Chat | None = None
    """The API of the gateway."""
    webhook: Chat | None = None
    """Webhooks."""
    msgraph_webhook: Chat | None = None
    """Webhooks of Microsoft Graph."""
    feishu: Chat | None = None
    """Feishu."""
    wecom: Chat | None = None
    """WeCom."""
    wecom_callback: Chat | None = None
    """WeCom, by callback."""
    weixin: Chat | None = None
    """Weixin."""
    bluebubbles: Chat | None = None
    """BlueBubbles."""
    qqbot: Chat | None = None
    """QQ."""
    yuanbao: Chat | None = None
    """Yuanbao."""
    relay: Chat | None = None
    """A relay."""
