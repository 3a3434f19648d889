"""Every environment variable the project reads, its default and its meaning.

Nothing else in the project reads the environment. A connection saved in M.O.S.S.'s own admin page lives in
its `integration_configs` row, not here; the values here override it.
"""

import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
_INSTALLED_PROJECT_FILES = Path(__file__).resolve().parent / "_project"


def project_file(relative_path: str) -> Path:
    """Where a file of the project's top level (`sql/`, `dagster.yaml`, `workspace.yaml`) lies.

    In a checkout that is the checkout; installed from a wheel it is the copy inside the package.

    Args:
        relative_path: the path below the project's top level, with `/`.

    Returns:
        The absolute path. It may not exist.
    """
    installed = _INSTALLED_PROJECT_FILES / relative_path
    return installed if installed.exists() else PROJECT_ROOT / relative_path


class IntegrationChoice(NamedTuple):
    """Which row of `integration_configs` is meant, as far as the environment says.

    Attributes:
        name: its name; None: the only one of type `jamf`.
        environment: narrows the choice to rows of this environment; None: any.
    """

    name: str | None = None
    environment: str | None = None

    @property
    def slug(self) -> str:
        """The given name as Dagster asset keys and file names can carry it; `jamf_pro` if none is given.

        Asset keys are stored for ever and known before the database is asked, so only the given name names them.
        """
        if self.name is None:
            return "jamf_pro"
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_") or "jamf"


class Settings(BaseSettings):
    """The project's environment, read from the process and from `.env` in the working directory."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    moss_database_url: SecretStr | None = Field(
        default=None,
        description="The M.O.S.S. database. Without it the embedded PostgreSQL is used.",
    )
    dagster_pg_url: SecretStr | None = Field(
        default=None,
        description="Dagster's own database. Without it: the embedded server's, or, when MOSS_DATABASE_URL is "
        "given, the schema `dagster` of that database.",
    )
    jamf_base_url: str | None = Field(
        default=None, description="The JAMF Pro server, e.g. https://example.jamfcloud.com."
    )
    jamf_client_id: str | None = Field(default=None, description="Client id of a JAMF API client.")
    jamf_client_secret: SecretStr | None = Field(default=None, description="Its client secret.")
    jamf_username: str | None = Field(
        default=None, description="JAMF user account, for servers older than 10.49."
    )
    jamf_password: SecretStr | None = Field(default=None, description="Its password.")
    encryption_key: SecretStr | None = Field(
        default=None,
        description="The web application's key (32 bytes in base64) of credentials that are saved in M.O.S.S.",
    )
    integration_encryption_key: SecretStr | None = Field(
        default=None,
        description="The key (64 hexadecimal digits) of credentials that M.O.S.S.'s sync library saved.",
    )
    integration_name: str | None = Field(
        default=None,
        alias="MOSS_JAMF_INTEGRATION",
        description="Name of the `integration_configs` row; without it, the only row of type `jamf`.",
    )
    integration_environment: str | None = Field(
        default=None,
        alias="MOSS_JAMF_ENVIRONMENT",
        description="Only rows of this environment (development, staging or production) are looked at.",
    )
    state_directory: Path = Field(
        default=Path(".moss-jamf"),
        alias="MOSS_JAMF_STATE_DIR",
        description="Where the embedded PostgreSQL and Dagster's local files are kept.",
    )
    first_slot: str = Field(
        default="2026-11-01-00:00",
        alias="MOSS_JAMF_FIRST_SLOT",
        description="The first slot (partition) the Dagster UI offers, UTC, on the six-hour grid.",
    )

    alert_url: SecretStr | None = Field(
        default=None,
        alias="MOSS_JAMF_ALERT_URL",
        description="A webhook (Slack-compatible) that is told of failed runs and of held changes.",
    )
    ui_url: str | None = Field(
        default=None,
        alias="MOSS_JAMF_UI_URL",
        description="Where people open the Dagster UI, for the links in alerts.",
    )
    expected_hours: float = Field(
        default=6.0,
        gt=0,
        alias="MOSS_JAMF_EXPECTED_HOURS",
        description="A sync is expected this often; an hour later its assets are shown as overdue.",
    )
    retention_days: int = Field(
        default=30,
        ge=1,
        alias="MOSS_JAMF_RETENTION_DAYS",
        description="How long captures can be rebuilt: older versions of JAMF's documents are deleted.",
    )
    plan_retention_days: int = Field(
        default=365,
        ge=1,
        alias="MOSS_JAMF_PLAN_RETENTION_DAYS",
        description="How long plans, which are the change log, can be read and reverted.",
    )

    @field_validator("jamf_base_url")
    @classmethod
    def _without_trailing_slash(cls, url: str | None) -> str | None:
        return url.rstrip("/") if url else None

    @property
    def integration(self) -> IntegrationChoice:
        """Which integration is synced."""
        return IntegrationChoice(self.integration_name, self.integration_environment)

    @cached_property
    def integration_slug(self) -> str:
        """The slug of the integration that the environment names; see `IntegrationChoice.slug`."""
        return self.integration.slug
