"""The `integration_configs` row: which JAMF server, what of it is synced, when, and by which policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from moss_jamf_pipeline.catalogue.collections import (
    COLLECTIONS,
    CollectionName,
    collection_named,
)
from moss_jamf_pipeline.catalogue.ownership import OwnershipOverride, declared_rules
from moss_jamf_pipeline.catalogue.system_accounts import SYSTEM_ACCOUNTS
from moss_jamf_pipeline.moss.errors import (
    IntegrationDisabled,
    IntegrationMissing,
    IntegrationUnclear,
)
from moss_jamf_pipeline.moss.integration.attribute_settings import (
    MappedAttribute,
    MappedAttributes,
)
from moss_jamf_pipeline.moss.integration.deep_links import DeepLinks
from moss_jamf_pipeline.moss.integration.routes import Route, read_route
from moss_jamf_pipeline.moss.plan.guard_settings import GuardSettings
from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all
from moss_jamf_pipeline.moss.text import unescaped
from moss_jamf_pipeline.settings import IntegrationChoice

DEFAULT_NAME = "JAMF Pro"
"""What `init` calls the row it creates."""

DEFAULT_SCHEDULE = "0 */6 * * *"
"""When a row without a schedule of its own is synced (strategy: every six hours), UTC."""

_ANY = IntegrationChoice()
_NO_ROUTE = Route()
_NEW_ROWS_ARE_IN = "production"  # the default of M.O.S.S.'s own column

_SHORTEST_PREFIX = 3
"""Fewer signs at the beginning are shared by real serial numbers (all of a model begin alike)."""

CaptureT = TypeVar("CaptureT")


def _group_reference(value: object) -> object:
    """The id or name of a JAMF computer group; an empty one is none. M.O.S.S.'s pages escape what they save."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    if isinstance(value, str):
        return unescaped(value).strip() or None
    raise ValueError("must be the id or the name of a JAMF computer group")


def _domains(value: object) -> object:
    """`none`, `all`, or the domains themselves, in small letters."""
    if value in (None, "", "none"):
        return ()
    if value == "all":
        return (_EVERY_DOMAIN,)
    if not isinstance(value, list | tuple):
        # What pydantic makes a sentence of is a ValueError.
        raise ValueError("must be none, all, or a list of domains")  # noqa: TRY004
    return value


def _name(value: object) -> object:
    """A user name or domain as it is compared; M.O.S.S.'s pages escape what they save."""
    return unescaped(value).strip().lower() if isinstance(value, str) else value


_EVERY_DOMAIN = "*"
ComparedName = Annotated[str, BeforeValidator(_name), Field(min_length=1)]


def _placeholder(value: object) -> str:
    """What is no serial number: a text, or its beginning before a `*`. M.O.S.S.'s pages escape what they save."""
    text = unescaped(value).strip() if isinstance(value, str) else ""
    if not text:
        raise ValueError("must be texts that stand where a serial number belongs")
    if text.endswith("*") and len("".join(text.split())) <= _SHORTEST_PREFIX:
        raise ValueError(
            f"a text before * has at least {_SHORTEST_PREFIX} signs: {text!r} would set real serial numbers aside"
        )
    return text


PlaceholderSerial = Annotated[str, BeforeValidator(_placeholder)]

GroupReference = Annotated[str | None, BeforeValidator(_group_reference)]


class SyncSettings(BaseModel):
    """`integration_configs.sync_settings`: what is synced, and the policies by which that is done.

    Unknown keys are M.O.S.S.'s own. Where its settings page and its sync library spell a key differently, both count.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    sync_computers: bool = Field(
        default=True,
        description="Pull computers, with the buildings that they name.",
    )
    sync_mobile_devices: bool = Field(
        default=False,
        description="Pull mobile devices, with the buildings that they name. Nothing is stored of "
        "personally-owned ones.",
    )
    sync_users: bool = Field(
        default=True,
        description="Pull user records. Without them, the people whom computers name are matched and created.",
    )
    sync_groups: bool = Field(
        default=True,
        validation_alias=AliasChoices("sync_computer_groups", "sync_groups"),
        description="Pull computer groups, and with them keep their members.",
    )
    sync_departments: bool = Field(
        default=False,
        description="Pull departments, and fill a person's department while it is empty: with that of the devices that "
        "the person uses, where these agree. Without it JAMF is not asked for departments.",
    )
    sync_sections: tuple[str, ...] = Field(
        default=(),
        validation_alias=AliasChoices("sync_sections", "sync_computer_sections"),
        description="The JAMF sections that M.O.S.S.'s page offers. Of no effect: what is asked for is the allow-list "
        "of the catalogue, and some of the names on the page (SOFTWARE) are no sections of JAMF's.",
    )
    full_sweep_hours: float = Field(
        default=24.0,
        ge=0,
        allow_inf_nan=False,
        description="How often every computer is read whole; scheduled syncs in between read what changed. 0: every "
        "time.",
    )
    placeholder_serials: tuple[PlaceholderSerial, ...] = Field(
        default=(),
        description="What else is no serial number, beside what is published: whole texts, compared without case and "
        "spaces, or, with a * at the end, what they begin with.",
    )
    smart_group_filter: GroupReference = Field(
        default=None,
        description="Sync only the computers of this JAMF group (id or name); empty: all.",
    )
    create_missing_locations: bool = Field(
        default=True,
        description="Create locations and rooms that JAMF names and M.O.S.S. lacks.",
    )
    update_existing_devices: bool = Field(
        default=True,
        description="Change devices that M.O.S.S. has; without it they are only linked to JAMF.",
    )
    on_unlinked_serial: Literal["adopt_and_flag", "adopt", "hold"] = Field(
        default="adopt_and_flag",
        description="M.O.S.S. knows a serial number that is not linked to JAMF yet: link it and ask a person to "
        "confirm, link it silently, or write nothing until a person accepts.",
    )
    on_empty_user: Literal["keep", "clear"] = Field(
        default="keep", description="JAMF names no user: keep the assigned person, or clear it."
    )
    on_human_edit: Literal["overwrite_and_flag", "keep"] = Field(
        default="overwrite_and_flag",
        description="A person edited a field that JAMF owns: restore JAMF's value and flag it, or keep the edit as a "
        "conflict.",
    )
    recreate_deleted: bool = Field(
        default=False, description="Create a device again that was deleted in M.O.S.S."
    )
    stripped_domains: Annotated[tuple[ComparedName, ...], BeforeValidator(_domains)] = Field(
        default=(),
        validation_alias="username_domains",
        description="The domains that are no part of a user name, before a backslash or behind an @: none, all, or a "
        'list such as ["CORP", "corp.example.com"].',
    )
    ignored_usernames: tuple[ComparedName, ...] = Field(
        default=(), description="User names that are nobody, beside the accounts of the system."
    )
    add_members_to_privileged_groups: bool = Field(
        default=False, description="Make people members of groups that grant rights in M.O.S.S."
    )
    # `sql/matching/object_leads.sql` reads it, of every integration.
    priority: int = Field(
        default=100,
        ge=0,
        le=999_999_999,
        description="Of two JAMF servers that know one object, the one of the lower number leads it; of equals, the "
        "one that linked it first.",
    )
    ownership: dict[str, OwnershipOverride] = Field(
        default_factory=dict, description="Replacements of single ownership rules."
    )
    extension_attributes: MappedAttributes = Field(
        default=None,
        description="The extension attributes of computers that become custom fields of devices: a list of names or "
        "ids, or an object of them with options; true: none yet, but JAMF is asked which there are; null: off.",
    )
    guard: GuardSettings = Field(
        default=GuardSettings(),
        description="How many changes of a kind a plan may make before a person is asked; null: any number.",
    )
    deep_links: DeepLinks = Field(
        default=DeepLinks(),
        description="Where JAMF's web pages show a record, where that differs from what is usual: {id} is JAMF's id, "
        "{jamf-instance} the server.",
    )

    credentials_expire_on: date | None = Field(
        default=None,
        description="When JAMF's credentials expire, as a date (2027-05-31), where that cannot be told: an alert says "
        "so a month before. Those of the Jamf Platform that M.O.S.S. has saved expire six months after they were.",
    )

    @property
    def nobody(self) -> tuple[str, ...]:
        """Every user name by which JAMF names no user, in small letters."""
        return (*SYSTEM_ACCOUNTS, *self.ignored_usernames)

    def switched_off(self, collection: str) -> str | None:
        """Why a JAMF collection is not pulled, as a sentence; None if it is.

        Args:
            collection: one of `catalogue.collections`.
        """
        declared = collection_named(collection)
        if any(getattr(self, switch) for switch in declared.switches):
            unnamed = [self.switched_off(name) for name in declared.named_by]
            if not unnamed or None in unnamed:
                return None
            return f"Nothing that names {collection.replace('_', ' ')} is pulled. {unnamed[0]}"
        how = "Not switched on" if declared.is_optional else "Switched off"
        return (
            f"{how} in M.O.S.S. (sync_settings.{declared.switch_key}): JAMF is not asked for "
            f"{collection.replace('_', ' ')}."
        )

    @property
    def read_collections(self) -> tuple[CollectionName, ...]:
        """What credentials have to be able to read: all that is standard, and what is switched on besides."""
        return tuple(
            collection.name
            for collection in COLLECTIONS
            if not collection.is_optional or self.switched_off(collection.name) is None
        )

    def in_use(self, captures: Mapping[str, CaptureT]) -> dict[str, CaptureT]:
        """The captures, by collection, that may be planned from: what is switched off is stale, and says nothing."""
        return {
            collection: capture
            for collection, capture in captures.items()
            if self.switched_off(collection) is None
        }

    @property
    def reads_attributes(self) -> bool:
        """Whether the extension attributes of computers are read."""
        return (
            self.extension_attributes is not None
            and self.switched_off(CollectionName.COMPUTERS) is None
        )

    def naming_attributes(self, attributes: dict[str, MappedAttribute]) -> "SyncSettings":
        """The same with other extension attributes mapped."""
        return self.model_copy(update={"extension_attributes": attributes})

    @property
    def ownership_overrides(self) -> Mapping[str, OwnershipOverride]:
        """The replaced ownership rules, those included that `update_existing_devices` stands for.

        Whether a device is enrolled is no property of the device that M.O.S.S. had: it stays told, else a device that
        came back would be shown as unenrolled for ever.
        """
        if self.update_existing_devices:
            return self.ownership
        never = OwnershipOverride(on_update="never")
        return self.ownership | {
            f"device.{rule.field}": never
            for rule in declared_rules()
            if rule.object_type == "device" and rule.field != "jamf_enrollment_status"
        }


class AccessScope(BaseModel):
    """`integration_configs.access_scope`: what the sync is confined to.

    A limit that is not understood is an error: ignoring it would sync what somebody meant to leave out.

    Attributes:
        jamf_smart_group_id: only the computers of this JAMF group; an id or a name, as in the other two.
        jamf_static_group_id: the same, where the key is to say what kind of group it is.
        jamf_group_id: the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    jamf_smart_group_id: GroupReference = None
    jamf_static_group_id: GroupReference = None
    jamf_group_id: GroupReference = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty_values(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {key: value for key, value in given.items() if value not in (None, "", [], {})}
        return {} if given is None else given

    @property
    def groups(self) -> tuple[str, ...]:
        """The JAMF groups named, each of which a computer must belong to."""
        named = (self.jamf_smart_group_id, self.jamf_static_group_id, self.jamf_group_id)
        return tuple(group for group in named if group is not None)


@dataclass(frozen=True, slots=True)
class Integration:
    """One JAMF server as M.O.S.S. knows it (a row of `integration_configs` of type `jamf`).

    Attributes:
        id: the row's id.
        name: its name, unescaped.
        is_enabled: whether it may be synced at all.
        route: the way to JAMF that is saved with it.
        settings: what is synced and how.
        environment: development, staging or production.
        schedule: the cron expression of scheduled syncs, UTC; not checked.
        is_scheduled: whether there are scheduled syncs (`auto_sync_enabled`).
        scope_groups: ids or names of the JAMF groups to which computers must belong to be synced, all of them.
    """

    id: UUID
    name: str
    is_enabled: bool
    settings: SyncSettings
    route: Route = _NO_ROUTE
    environment: str = _NEW_ROWS_ARE_IN
    schedule: str = DEFAULT_SCHEDULE
    is_scheduled: bool = True
    scope_groups: tuple[str, ...] = ()

    @property
    def base_url(self) -> str | None:
        """The JAMF server saved with it, or the gateway; None: none."""
        return self.route.base_url


@dataclass(frozen=True, slots=True)
class EnsuredIntegration:
    """The integration's row after `ensure_integration`.

    Attributes:
        id: the row's id.
        name: its name, unescaped.
        is_enabled: whether it may be synced.
        is_new: whether it was created just now.
    """

    id: UUID
    name: str
    is_enabled: bool
    is_new: bool


def find_integration(
    connection: psycopg.Connection, choice: IntegrationChoice = _ANY
) -> Integration:
    """Reads the integration that is meant: the named row, else the only one of type `jamf`.

    Raises:
        IntegrationMissing: there is no such row, or its settings cannot be read.
        IntegrationUnclear: several rows could be meant.
    """
    found = _chosen(fetch_all(connection, "integration/jamf_integrations"), choice)
    name = unescaped(found["name"])
    settings = _read(SyncSettings, found["sync_settings"], name, "sync_settings")
    scope = _read(AccessScope, found["access_scope"], name, "access_scope")
    named = (*scope.groups, settings.smart_group_filter)
    return Integration(
        id=found["id"],
        name=name,
        is_enabled=found["is_enabled"],
        settings=settings,
        route=_route(found["config"], name),
        environment=found["environment"],
        schedule=unescaped(found["sync_schedule"] or "").strip() or DEFAULT_SCHEDULE,
        is_scheduled=bool(found["auto_sync_enabled"]),
        scope_groups=tuple(dict.fromkeys(group for group in named if group is not None)),
    )


def require_enabled(integration: Integration) -> None:
    """Ends what would capture or write, if the integration is switched off.

    Raises:
        IntegrationDisabled: it is.
    """
    if not integration.is_enabled:
        raise IntegrationDisabled(
            f"The integration {integration.name!r} is switched off in M.O.S.S. (is_enabled), so nothing is "
            "captured or written.",
            "Switch it on with `moss-jamf init --enable`.",
        )


def create_integration(connection: psycopg.Connection, name: str, base_url: str | None) -> bool:
    """Creates the integration's row, enabled and scheduled, unless it exists.

    Returns:
        Whether it was created.
    """
    return (
        execute(
            connection,
            "integration/insert_integration",
            {
                "name": name,
                "config": Jsonb({} if base_url is None else {"base_url": base_url}),
                "sync_schedule": DEFAULT_SCHEDULE,
            },
        )
        == 1
    )


def ensure_integration(
    connection: psycopg.Connection, choice: IntegrationChoice, base_url: str | None
) -> EnsuredIntegration:
    """Finds the row that is meant, and creates it if M.O.S.S. has none.

    Args:
        connection: to a prepared database.
        choice: which row.
        base_url: the JAMF server to save with a new row.

    Raises:
        IntegrationMissing: there is none, and only M.O.S.S. can create one of this environment.
        IntegrationUnclear: several rows could be meant.
    """
    is_new = False
    try:
        row = _chosen(fetch_all(connection, "integration/jamf_integrations"), choice)
    except IntegrationMissing:
        if choice.environment not in (None, _NEW_ROWS_ARE_IN):
            raise
        is_new = create_integration(connection, choice.name or DEFAULT_NAME, base_url)
        row = _chosen(fetch_all(connection, "integration/jamf_integrations"), choice)
    return EnsuredIntegration(row["id"], unescaped(row["name"]), row["is_enabled"], is_new)


def enable_integration(connection: psycopg.Connection, integration_id: UUID) -> bool:
    """Switches an integration on.

    Returns:
        Whether it was off.
    """
    return (
        execute(connection, "integration/enable_integration", {"integration_id": integration_id})
        == 1
    )


def _chosen(rows: Sequence[Row], choice: IntegrationChoice) -> Row:
    """The row that is meant.

    Raises:
        IntegrationMissing: there is none.
        IntegrationUnclear: there are several.
    """
    found = [
        row
        for row in rows
        if (choice.environment is None or row["environment"] == choice.environment)
        and (choice.name is None or unescaped(row["name"]) == unescaped(choice.name))
    ]
    if len(found) > 1 and choice.name is not None:
        # One name, saved once escaped and once not: the one written exactly so.
        found = [row for row in found if row["name"] == choice.name] or found
    if not found:
        raise _missing(rows, choice)
    if len(found) > 1:
        raise IntegrationUnclear(
            f"M.O.S.S. has several JAMF integrations: {_listed(found)}.",
            "Set MOSS_JAMF_INTEGRATION to the name of the one to sync, MOSS_JAMF_INTEGRATIONS to those of several, or "
            "MOSS_JAMF_ENVIRONMENT to the environment in which there is only one.",
        )
    return found[0]


def _missing(rows: Sequence[Row], choice: IntegrationChoice) -> IntegrationMissing:
    what = "" if choice.name is None else f" named {choice.name!r}"
    where = "" if choice.environment is None else f" in the environment {choice.environment!r}"
    known = f" It has {_listed(rows)}." if rows else ""
    if choice.environment not in (None, _NEW_ROWS_ARE_IN):
        remedy = "Create it on M.O.S.S.'s integrations page, or correct MOSS_JAMF_ENVIRONMENT."
    else:
        remedy = "Run `moss-jamf init` to create it, or set MOSS_JAMF_INTEGRATION to the name shown in M.O.S.S."
    return IntegrationMissing(f"M.O.S.S. has no JAMF integration{what}{where}.{known}", remedy)


def _listed(rows: Sequence[Row]) -> str:
    return ", ".join(
        f"{unescaped(row['name'])!r} ({row['environment']}{'' if row['is_enabled'] else ', switched off'})"
        for row in rows
    )


_ModelT = TypeVar("_ModelT", bound=BaseModel)


def _read(model: type[_ModelT], stored: object, name: str, column: str) -> _ModelT:
    """Reads a JSON column of the row.

    Raises:
        IntegrationMissing: a value in it cannot be used; the message names its key.
    """
    try:
        return model.model_validate({} if stored is None else stored)
    except ValidationError as error:
        raise _unusable(error, name, column) from error


def _route(config: object, name: str) -> Route:
    """The way to JAMF. Raises IntegrationMissing: a value in it cannot be used."""
    try:
        return read_route(config)
    except ValidationError as error:
        raise _unusable(error, name, "config") from error


def _unusable(error: ValidationError, name: str, column: str) -> IntegrationMissing:
    wrong = "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or column}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    )
    return IntegrationMissing(
        f"The {column.replace('_', ' ')} of the integration {name!r} cannot be used: {wrong}.",
        f"Correct integration_configs.{column}.",
    )
