"""Sections of ``config.yaml`` about commands, what is shown, plugins and rights."""

from __future__ import annotations

from hermes_state.models.view import View
from hermes_state.models.views.settings import Amount, Flag, Free, Text, Texts, Whole


class Terminal(View):
    """Where commands run."""

    backend: Text = None
    """local, docker, ssh, modal ..."""
    cwd: Text = None
    """Directory that commands start in."""
    timeout: Whole = None
    """How long a command may take in seconds."""
    docker_image: Text = None
    """Image of the docker backend."""
    singularity_image: Text = None
    """Image of the singularity backend."""
    modal_image: Text = None
    """Image of the modal backend."""
    daytona_image: Text = None
    """Image of the daytona backend."""
    vercel_image: Text = None
    """Image of the vercel backend."""
    vercel_runtime: Text = None
    """Runtime of the vercel backend."""
    docker_env: Free = None
    """Variables for containers."""
    docker_volumes: Texts = None
    """Volumes for containers."""
    docker_forward_env: Texts = None
    """Names of variables that containers get."""
    docker_extra_args: Texts = None
    """Further arguments of docker run."""
    env_passthrough: Texts = None
    """Names of variables that commands get."""
    shell_init_files: Texts = None
    """Files that a shell reads first."""
    container_cpu: Amount = None
    """Processors of a container."""
    container_memory: Whole = None
    """Memory of a container in MiB."""
    container_disk: Whole = None
    """Disk of a container in MiB."""
    container_persistent: Flag = None
    """Whether a container is kept."""


class DisplayPlatform(View):
    """What is shown on one platform."""

    tool_progress: str | bool | None = None
    """As in display."""
    streaming: Flag = None
    """As in display."""


class Display(View):
    """What is shown, and how."""

    compact: Flag = None
    """Whether output is short."""
    personality: Text = None
    """Name of a personality; empty for none."""
    skin: Text = None
    """Colours."""
    language: Text = None
    """Language of the interface."""
    streaming: Flag = None
    """Whether answers are shown as they come."""
    tool_progress: str | bool | None = None
    """all, new, verbose, or false; off without quotes is false."""
    interim_assistant_messages: Flag = None
    """Whether what the agent says between tools is shown."""
    background_process_notifications: str | bool | None = None
    """all, concise, result, error, or false."""
    platforms: dict[str, DisplayPlatform | None] | None = None
    """Settings by platform."""
    tool_progress_overrides: Free = None
    """Platform to tool_progress; platforms replaced it."""
    runtime_footer: Free = None
    """The line under answers."""
    status_bar: Free = None
    """The line at the bottom."""
    pet: Free = None
    """The pet."""


class Plugins(View):
    """Plugins."""

    enabled: Texts = None
    """Plugins that are loaded."""
    disabled: Texts = None
    """Plugins that are not."""
    entries: Free = None
    """Settings by plugin."""
    isolation: Text = None
    """Whether plugins run in processes of their own."""
    host: Free = None
    """The process that plugins run in."""


class McpServer(View):
    """An MCP server: a command, or an address."""

    command: Text = None
    """Program."""
    args: Texts = None
    """Arguments."""
    env: Free = None
    """Variables; they can hold secrets."""
    url: Text = None
    """Address."""
    headers: Free = None
    """Headers; they can hold secrets."""
    enabled: str | bool | None = None
    """Whether it is used; text is read as a truth value."""


class Cron(View):
    """Tasks at set times."""

    provider: Text = None
    """Who keeps the times; empty for the agent itself."""
    chronos: Free = None
    """A service that keeps the times."""
    delivery: Free = None
    """Where results go."""
    max_parallel_jobs: Whole = None
    """How many may run at a time."""
    script_timeout_seconds: Whole = None
    """How long a script may take."""


class Security(View):
    """What is hidden and forbidden."""

    redact_secrets: Flag = None
    """Whether secrets are hidden in what is shown."""
    allow_private_urls: Flag = None
    """Whether addresses in private networks may be opened."""
    website_blocklist: Free = None
    """Sites that are not opened."""
    approval: Free = None
    """Rules of approval."""
    acked_advisories: Texts = None
    """Warnings that the user has seen."""


class Approvals(View):
    """Who decides which commands may run."""

    mode: Text = None
    """manual, smart or off; off without quotes is false."""
    timeout: Whole = None
    """How long an answer is awaited in seconds."""
    cron_mode: Text = None
    """What holds for tasks at set times."""
    deny: Texts = None
    """Commands that never run."""
