"""Every environment variable the project reads, its default and its meaning.

Nothing else in the project reads the environment. A connection saved in M.O.S.S.'s own admin page lives in
its `integration_configs` row, not here; the values here override it.
"""

import re
from functools import cached_property
from pathlib import Path

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
    integration_name: str = Field(
        default="JAMF Pro",
        alias="MOSS_JAMF_INTEGRATION",
        description="Name of the `integration_configs` row; created by `moss-jamf init` if absent.",
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

    @field_validator("jamf_base_url")
    @classmethod
    def _without_trailing_slash(cls, url: str | None) -> str | None:
        return url.rstrip("/") if url else None

    @cached_property
    def integration_slug(self) -> str:
        """The integration's name as Dagster asset keys and file names can carry it, e.g. `jamf_pro`."""
        return re.sub(r"[^a-z0-9]+", "_", self.integration_name.lower()).strip("_") or "jamf"
