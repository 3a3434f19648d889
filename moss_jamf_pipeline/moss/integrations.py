"""The `integration_configs` row: which JAMF server, and how its sync behaves."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moss_jamf_pipeline.moss.errors import IntegrationMissing
from moss_jamf_pipeline.moss.ownership import OwnershipOverride
from moss_jamf_pipeline.moss.statements import execute, fetch_one


class SyncSettings(BaseModel):
    """`integration_configs.sync_settings`: the policies of DESIGN, "Identity". Unknown keys are M.O.S.S.'s own.

    Attributes:
        create_missing_locations: create locations and rooms that JAMF names and M.O.S.S. lacks (strategy, edge case 2).
        on_unlinked_serial: M.O.S.S. knows a serial number that is not linked to JAMF yet: link it and ask a
            person to confirm, link it silently, or write nothing until accepted.
        on_empty_user: JAMF names no user: keep the assigned person, or clear it.
        on_human_edit: a person edited a JAMF-owned field: restore JAMF's value and flag it, or keep
            the edit as a conflict.
        recreate_deleted: create a device again that was deleted in M.O.S.S.
        ownership: replacements of single ownership rules.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    create_missing_locations: bool = True
    on_unlinked_serial: Literal["adopt_and_flag", "adopt", "hold"] = "adopt_and_flag"
    on_empty_user: Literal["keep", "clear"] = "keep"
    on_human_edit: Literal["overwrite_and_flag", "keep"] = "overwrite_and_flag"
    recreate_deleted: bool = False
    ownership: dict[str, OwnershipOverride] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Integration:
    """One JAMF server as M.O.S.S. knows it (a row of `integration_configs` of type `jamf`)."""

    id: UUID
    name: str
    is_enabled: bool
    base_url: str | None
    settings: SyncSettings


def find_integration(connection: psycopg.Connection, name: str) -> Integration:
    """Reads an integration by name.

    Raises:
        IntegrationMissing: there is no such row, or its settings cannot be read.
    """
    row = fetch_one(connection, "integration/find_integration", {"name": name})
    if row is None:
        raise IntegrationMissing(
            f"M.O.S.S. has no JAMF integration named {name!r}.",
            "Run `moss-jamf init` to create it, or set MOSS_JAMF_INTEGRATION to the name shown in M.O.S.S.",
        )
    try:
        settings = SyncSettings.model_validate(row["sync_settings"])
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise IntegrationMissing(
            f"The sync settings of the integration {name!r} cannot be used: {wrong}.",
            "Correct integration_configs.sync_settings.",
        ) from error
    return Integration(
        id=row["id"],
        name=row["name"],
        is_enabled=row["is_enabled"],
        base_url=row["config"].get("base_url"),
        settings=settings,
    )


def create_integration(connection: psycopg.Connection, name: str, base_url: str | None) -> bool:
    """Creates the integration's row unless it exists.

    Returns:
        Whether it was created.
    """
    config = {} if base_url is None else {"base_url": base_url}
    return (
        execute(
            connection, "integration/insert_integration", {"name": name, "config": Jsonb(config)}
        )
        == 1
    )
