"""``auth.json``: logins, the credential pool and its runtime section.

Every field that an agent tolerates missing is optional, and a view refuses only what an agent would stumble over. Field
meanings are those of the agents 0.13 to 0.22; the runtime section is this package's own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from hermes_state.models.auth import STORES
from hermes_state.models.view import Count, Number, Timestamp, View

#: How a credential is named without being told: the agent's own form.
Fingerprint = Annotated[str, Field(pattern="^sha256:[0-9a-f]{16}$")]


class Mark(View):
    """Runtime facts about one credential: what a pool row holds inline and a record holds in the runtime section."""

    last_status: str | None = None
    """exhausted (cooling down), dead (a verdict, 0.16 and later), ok, or null for never failed; an open set."""
    last_status_at: Timestamp | None = None
    """When last_status was set. Agents write epoch seconds; a few old files hold ISO 8601."""
    last_error_code: int | None = None
    """HTTP status of the failure."""
    last_error_reason: str | None = None
    """The provider's reason, as the agent classified it."""
    last_error_message: str | None = None
    """The provider's text; it can be long and can quote anything."""
    last_error_reset_at: Timestamp | None = None
    """When the provider said that the credential works again. Epoch seconds as written; older forms are read too."""
    failure_reason: str | None = None
    """The agent's class of the failure (billing, billing_unverified ...), 0.20 and later; changes the cooldown."""
    model_cooldowns: dict[str, Number] | None = None
    """Model id to the end of that model's cooldown, epoch seconds (0.22)."""


class Grant(View):
    """What a provider granted: tokens and the facts that came with them."""

    label: str | None = None
    """What people call it; not unique."""
    access_token: str | None = None
    """Secret."""
    refresh_token: str | None = None
    """Secret; single-use for several providers."""
    token_type: str | None = None
    """Kind of token, usually Bearer."""
    scope: str | None = None
    """What the token may be used for."""
    client_id: str | None = None
    """OAuth client."""
    obtained_at: str | None = None
    """When the token was obtained, ISO 8601."""
    expires_at: str | None = None
    """When the token ends, ISO 8601."""
    expires_in: Number | None = None
    """Life of the token in seconds."""
    last_refresh: str | None = None
    """When the token was refreshed, ISO 8601 (openai-codex, xai-oauth)."""
    portal_base_url: str | None = None
    """Endpoint of the portal."""
    inference_base_url: str | None = None
    """Endpoint for inference."""
    agent_key: str | None = None
    """Secret (nous)."""
    agent_key_id: str | None = None
    """Name of the agent key (nous)."""
    agent_key_obtained_at: str | None = None
    """When the agent key was obtained, ISO 8601 (nous)."""
    agent_key_expires_at: str | None = None
    """When the agent key ends, ISO 8601 (nous)."""
    agent_key_expires_in: Number | None = None
    """Life of the agent key in seconds (nous)."""
    agent_key_reused: bool | None = None
    """Whether an existing agent key was taken (nous)."""
    tls: dict[str, Any] | None = None
    """TLS settings: insecure, ca_bundle."""


class Row(Mark, Grant):
    """One entry of a credential pool.

    Rows of the Photon plugin, which have no id, no source and names of their own, fit too. So do borrowed rows, whose
    secret lives elsewhere: they have a fingerprint and no access_token.
    """

    id: str | int | None = None
    """Six hexadecimal digits, unique by luck only; may be missing, null or doubled."""
    auth_type: str | None = None
    """api_key or oauth."""
    priority: int = 0
    """Lower goes first. Null makes the agent fail to load the pool."""
    source: str | None = None
    """Where the credential came from: manual, device_code, env:NAME, config:NAME ...; an open set."""
    status_cleared_at: Number | None = None
    """When the status was last reset on purpose, epoch seconds (0.22)."""
    base_url: str | None = None
    """Endpoint of the provider."""
    expires_at_ms: Number | None = None
    """When the token ends, epoch milliseconds (anthropic, qwen-oauth, minimax-oauth)."""
    request_count: Count = 0
    """How often the credential was chosen, as far as the agent counted."""
    secret_source: str | None = None
    """Where a borrowed secret lives (0.15 and later)."""
    secret_fingerprint: str | None = None
    """sha256: and the first 16 hexadecimal digits of the borrowed secret's hash (0.15 and later)."""


class Tokens(View):
    """The token set inside a login of openai-codex or xai-oauth."""

    access_token: str | None = None
    """Secret."""
    refresh_token: str | None = None
    """Secret; single-use."""
    id_token: str | None = None
    """Secret; a signed description of the user."""
    token_type: str | None = None
    """Kind of token, usually Bearer."""


class Login(Grant):
    """The OAuth state of one provider.

    openai-codex and xai-oauth keep their tokens in an object of their own; nous, minimax-oauth and others keep them
    flat. No name means two things, so one view reads all of them. After a final refresh failure the tokens are gone.
    """

    tokens: Tokens | None = None
    """Token set (openai-codex, xai-oauth)."""
    auth_mode: str | None = None
    """How the user logged in: chatgpt, oauth_device_code, oauth_pkce ..."""
    provider: str | None = None
    """The provider's id, repeated (minimax-oauth)."""
    region: str | None = None
    """Part of the world that the login is for (minimax-oauth)."""
    resource_url: str | None = None
    """Endpoint that the login named (minimax-oauth)."""
    last_auth_error: dict[str, Any] | None = None
    """Why the last refresh failed for good: code, message, reason, relogin_required, at."""


class Record(Mark):
    """What the runtime section holds for one row: facts moved out of it, or the trace of a reset."""

    source: str | None = None
    """The row's source. With token it ties the record to the row."""
    token: Fingerprint | None = None
    """Fingerprint of the row's secret; another one means that the user logged in again. Never a token."""
    moved_at: Number | None = None
    """When the facts were moved here, epoch seconds."""
    cleared_at: Number | None = None
    """When the user cleared the cooldown, epoch seconds. A mark of that time or earlier no longer counts."""
    cleared_models: dict[str, Number] | None = None
    """Model id to the end of a model cooldown that the user cleared, epoch seconds."""
    after: dict[str, str] | None = None
    """Key that was taken out of the row to the key before it (empty: none), so that going back restores the order."""


class RuntimeSection(View):
    """Runtime state of pool rows, kept apart from them. No released agent reads it; all of them carry it along."""

    schema_: Literal[1] = Field(alias="schema")
    """Version of this section's shape."""
    pools: dict[str, dict[str, Record]]
    """Pool key to row id to record."""

    @field_validator("schema_", mode="before")
    @classmethod
    def _is_a_number(cls, value: Any) -> Any:
        if type(value) is not int:  # a Literal takes true for 1
            raise ValueError("is not a whole number")
        return value


class Systems(View):
    """The form before providers, of the oldest agents."""

    nous_portal: Login | None = None
    """What is now providers.nous: agents convert it, and drop the rest of this form."""


class AuthFile(View):
    """auth.json: the credentials of one home."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [key]} for key in STORES]})

    version: int | None = None
    """Always 1; agents write it and never look at it."""
    updated_at: str | None = None
    """When an agent last wrote the file, ISO 8601."""
    providers: dict[str, Login] = Field(default_factory=dict)
    """Provider id to OAuth state."""
    active_provider: str | None = None
    """The OAuth provider that the user chose."""
    credential_pool: dict[str, list[Row]] = Field(default_factory=dict)
    """Pool key (a provider id, or custom: and a name) to credentials."""
    suppressed_sources: dict[str, list[str] | dict[str, Any]] | None = None
    """Provider to sources that must not be taken up again; an object's keys count as the list (0.20 and later)."""
    systems: Systems = Field(default_factory=Systems)
    """The form before providers."""
    credential_pool_runtime: RuntimeSection | SkipJsonSchema[None] = None
    """Runtime state that was moved out of credential_pool."""

    @model_validator(mode="before")
    @classmethod
    def _is_taken_up_by_agents(cls, value: Any) -> Any:
        if isinstance(value, dict) and not any(isinstance(value.get(key), dict) for key in STORES):
            raise ValueError("agents take the file for empty")
        return value

    @field_validator("credential_pool_runtime", mode="before")
    @classmethod
    def _is_absent_or_a_section(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("null is not a section")
        return value
