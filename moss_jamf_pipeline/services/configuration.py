"""How an integration is configured: what is in force and why, and changes of it, checked before anything is saved.

It is saved in M.O.S.S.'s own row, in its own form: M.O.S.S.'s code and the next sync read the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final, get_args
from uuid import UUID

import orjson
import psycopg
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ValidationError

from moss_jamf_pipeline.catalogue.ownership import (
    OwnershipInvalid,
    OwnershipRule,
    declared_rules,
    effective_rules,
)
from moss_jamf_pipeline.engine.access import (
    CredentialsKind,
    JamfAccess,
    jamf_access,
    network_to,
)
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.engine.schedule import CronInvalid, next_sync, next_tick
from moss_jamf_pipeline.jamf import (
    Connection,
    ConnectionKind,
    Gateway,
    JamfCredentialsRejected,
)
from moss_jamf_pipeline.jamf.connections import server_identity
from moss_jamf_pipeline.jamf.transport import usable_base_url
from moss_jamf_pipeline.moss.integration.credentials import JamfCredentials
from moss_jamf_pipeline.moss.integration.integrations import (
    AccessScope,
    Integration,
    SyncSettings,
    find_integration,
)
from moss_jamf_pipeline.moss.integration.routes import Route, save_route
from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.services import callers, credentials
from moss_jamf_pipeline.services.callers import Caller
from moss_jamf_pipeline.services.credentials_expiry import end_of_credentials
from moss_jamf_pipeline.services.explanations import ProblemFound, explanation_of
from moss_jamf_pipeline.services.jamf_checks import CollectionAccess, ask_collections
from moss_jamf_pipeline.services.routes import RouteGiven, RouteInvalid
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

_AS_IT_IS: Final = RouteGiven()

_LONGEST_SCHEDULE: Final = 50
"""As M.O.S.S.'s column takes it."""

# M.O.S.S.'s page and its sync library spell these differently; both are kept alike.
_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "sync_groups": ("sync_computer_groups", "sync_groups"),
    "sync_sections": ("sync_sections", "sync_computer_sections"),
    "stripped_domains": ("username_domains",),
}


class ConfigurationInvalid(ProblemFound):
    """What was to be saved cannot be used; nothing was saved.

    Attributes:
        where: the key that is wrong.
    """

    def __init__(self, where: str, message: str, remedy: str) -> None:
        self.where = where
        super().__init__(message, remedy)


class ConfigurationChanged(ProblemFound):
    """Somebody else saved another configuration meanwhile."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A setting that says what the sync may do.

    Attributes:
        key: in `sync_settings`.
        meaning: what it does, for people.
        value: in force, as JSON text.
        default: what counts where nothing is said, as JSON text.
        choices: the values it can have; empty: others than words of a list.
    """

    key: str
    meaning: str
    value: str
    default: str
    choices: tuple[str, ...]

    @property
    def is_default(self) -> bool:
        """Whether nothing else is said."""
        return self.value == self.default

    @property
    def options(self) -> tuple[str, ...]:
        """All values that it can have, as JSON text, where those are few; else empty."""
        if self.default in ("true", "false"):
            return ("true", "false")
        return tuple(f'"{choice}"' for choice in self.choices)


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """Who wins a field.

    Attributes:
        object_type: e.g. `device`.
        field: which.
        owner: `JAMF` or `M.O.S.S.`.
        on_create: `write`, `default` or `never`.
        on_update: `overwrite`, `fill`, `follow` or `never`.
        on_null: `keep` or `clear`.
        records_conflict: whether a disagreement goes to the conflict queue.
        why: the reason.
        is_replaced: whether this integration replaces what is declared.
    """

    object_type: str
    field: str
    owner: str
    on_create: str
    on_update: str
    on_null: str
    records_conflict: bool
    why: str
    is_replaced: bool


@dataclass(frozen=True, slots=True)
class SavedConnection:
    """How JAMF is reached.

    Attributes:
        connection: whether a JAMF Pro server is saved in M.O.S.S., or the platform gateway.
        base_url: its address; None: none is saved.
        environment_id: whose data is meant, of the gateway; None: of no environment.
        tenant_id: the same of an older integration.
        web_url: where people open JAMF Pro, if that is said.
        has_credentials: whether credentials are saved there.
        credentials_end_on: when those that a sync would use end; None: it is not known, or they do not.
        kind: of the credentials that a sync would use; None: there are none, or they cannot be read.
        source: where those come from, in words that carry no value.
        problem: why no sync can log in as things are; empty: nothing is known to be in the way.
        overriding: the variables of the environment that override what is saved.
    """

    connection: ConnectionKind
    base_url: str | None
    environment_id: str | None
    tenant_id: str | None
    web_url: str | None
    has_credentials: bool
    credentials_end_on: date | None
    kind: CredentialsKind | None
    source: str
    problem: str
    overriding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """An integration as it is configured.

    Attributes:
        integration: its name.
        environment: development, staging or production.
        is_enabled: whether it may be synced at all.
        connection: how JAMF is reached.
        is_scheduled: whether it is synced by itself.
        schedule: when, as a cron expression, UTC.
        next_sync: the next time; None: never.
        why_no_sync: why never.
        scope_groups: the JAMF groups, ids or names, to which computers must belong, all of them.
        scope_group: the one of them that `access_scope` names; empty: it names none.
        policies: what the sync may do.
        ownership: who wins each field.
        version: changes with every change; given back when saving, it tells that nobody else saved meanwhile.
    """

    integration: str
    environment: str
    is_enabled: bool
    connection: SavedConnection
    is_scheduled: bool
    schedule: str
    next_sync: datetime | None
    why_no_sync: str
    scope_groups: tuple[str, ...]
    scope_group: str
    policies: tuple[Policy, ...]
    ownership: tuple[RuleInForce, ...]
    version: str


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A computer group of JAMF.

    Attributes:
        jamf_id: its id.
        name: what it is called.
        is_smart: whether JAMF decides by rules who is in it; None: not told.
    """

    jamf_id: str
    name: str
    is_smart: bool | None


@dataclass(frozen=True, slots=True)
class ConfigurationChange:
    """What is to be saved; None leaves a thing as it is.

    Attributes:
        route: the way to JAMF. Credentials of another server, or of the other kind, do not go with it.
        credentials: for that server.
        credentials_expire_on: the day on which these end, if somebody knows.
        is_enabled: whether it may be synced at all.
        is_scheduled: whether it is synced by itself.
        schedule: a cron expression, UTC.
        settings: keys of `sync_settings` with their values as JSON text; a None takes a key away, so that its default
            counts.
        scope_group: the JAMF group, id or name, to which computers must belong; empty: all computers.
        version: of the configuration that somebody looked at; None: whatever it is now.
    """

    route: RouteGiven = _AS_IT_IS
    credentials: JamfCredentials | None = None
    credentials_expire_on: date | None = None
    is_enabled: bool | None = None
    is_scheduled: bool | None = None
    schedule: str | None = None
    settings: Mapping[str, str | None] = field(default_factory=dict)
    scope_group: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """What JAMF answered.

    Attributes:
        connection: whether a JAMF Pro server was asked, or the platform gateway.
        base_url: its address.
        source: where the credentials come from.
        version: of JAMF Pro; None: it did not accept the credentials, or could not be asked.
        problem: what went wrong; empty if nothing did.
        remedy: what to do.
        collections: what a sync reads, and whether these credentials may.
    """

    connection: ConnectionKind
    base_url: str
    source: str
    version: str | None
    problem: str
    remedy: str
    collections: tuple[CollectionAccess, ...]

    @property
    def is_ready(self) -> bool:
        """Whether a sync could read everything."""
        return not self.problem and all(each.is_readable for each in self.collections)


def show(workplace: Workplace, choice: IntegrationChoice) -> Configuration:
    """How an integration is configured."""
    with workplace.deciding(choice) as (connection, integration):
        return _configuration(workplace, connection, integration)


def name_of(workplace: Workplace, integration_id: UUID) -> str | None:
    """The name of the integration of an id, if it is one that is synced here; None where only one is, or it is not."""
    choices = workplace.settings.integrations
    if len(choices) == 1:
        return None
    with workplace.looking() as connection:
        for choice in choices:
            if find_integration(connection, choice).id == integration_id:
                return choice.name
    return None


def known_groups(workplace: Workplace, choice: IntegrationChoice) -> tuple[KnownGroup, ...]:
    """The computer groups of JAMF as the newest capture has them, by name; empty before the first sync."""
    with workplace.reading(choice) as (connection, integration):
        rows = fetch_all(connection, "integration/known_groups", {"integration_id": integration.id})
    return tuple(KnownGroup(**row) for row in rows)


def save(
    workplace: Workplace,
    choice: IntegrationChoice,
    change: ConfigurationChange,
    *,
    saved_by: Caller,
    whereabouts: Whereabouts,
) -> Configuration:
    """Saves a change of all that it names, or nothing; M.O.S.S. notes who did, with what was before and after.

    Args:
        workplace: where.
        choice: which integration.
        change: what.
        saved_by: who.
        whereabouts: of the request.

    Returns:
        The configuration as it is then.

    Raises:
        ConfigurationInvalid: a value cannot be used, or credentials would go to a server that they are not for.
        JamfCredentialsRejected: that server takes no credentials of that kind.
        ConfigurationChanged: somebody else saved since it was looked at.
        CredentialsNotKept: there is no usable key and none can be kept.
    """
    with workplace.deciding(choice) as (connection, integration):
        with connection.transaction():
            before = _row(connection, integration)
            if change.version is not None and change.version != _version(before):
                raise ConfigurationChanged(
                    f"The configuration of {integration.name!r} was changed meanwhile.",
                    "Load it again, and make your change once more.",
                )
            settings = _changed_settings(before["sync_settings"] or {}, change.settings)
            _require_schedule(change.schedule)
            _save_connection(workplace, connection, integration, change)
            execute(
                connection,
                "integration/save_configuration",
                {
                    "integration_id": integration.id,
                    "is_enabled": _or(change.is_enabled, before["is_enabled"]),
                    "sync_schedule": _or(change.schedule, before["sync_schedule"]),
                    "auto_sync_enabled": _or(change.is_scheduled, before["auto_sync_enabled"]),
                    "sync_settings": Jsonb(settings),
                },
            )
            _save_scope(connection, integration, before, change.scope_group)
            after = _row(connection, integration)
            details = _difference(before, after)
            if change.credentials is not None:
                details["credentials"] = "replaced"
            callers.note(
                connection, integration, saved_by, "update_integration", details, whereabouts
            )
            # What cannot be read back is not saved.
            configured = find_integration(connection, choice)
        return _configuration(workplace, connection, configured)


def try_connection(
    workplace: Workplace,
    choice: IntegrationChoice,
    *,
    route: RouteGiven = _AS_IT_IS,
    given: JamfCredentials | None = None,
) -> ConnectionTest:
    """Asks JAMF for all that a sync reads, with the credentials that a sync would use or with others.

    Args:
        workplace: where.
        choice: which integration.
        route: another way to JAMF than the one that is configured.
        given: the credentials for it; those that are saved are sent to their own server only.

    Raises:
        ConfigurationInvalid: another server is named without credentials, or the address cannot be used.
        ConfigurationMissing: no server or no credentials are configured.
    """
    with workplace.deciding(choice) as (connection, integration):
        access = _access(workplace, connection, integration, route, given)
    try:
        version, collections = ask_collections(access)
    except EXPLAINED as error:
        explained = explanation_of(error)
        return ConnectionTest(
            access.connection.kind,
            access.base_url,
            access.source,
            None,
            explained.message if explained else str(error),
            explained.remedy if explained else "",
            (),
        )
    return ConnectionTest(
        access.connection.kind, access.base_url, access.source, version, "", "", collections
    )


def _access(
    workplace: Workplace,
    connection: psycopg.Connection,
    integration: Integration,
    given_route: RouteGiven,
    given: JamfCredentials | None,
) -> JamfAccess:
    route = _onto(given_route, integration)
    if given is None:
        if given_route != _AS_IT_IS and not _takes_the_same(route, integration.route):
            raise ConfigurationInvalid(
                "credentials",
                f"The saved credentials are not for {route.base_url}, and are not sent there.",
                "Give the credentials of that server as well.",
            )
        return jamf_access(workplace.settings, replace(integration, route=route), connection)
    address = route.base_url or workplace.settings.jamf_base_url
    if address is None:
        raise ConfigurationInvalid(
            "base_url", "It is not known which JAMF Pro server is meant.", "Give its address."
        )
    server = _usable(address)
    _require_fit(route.connection, given)
    return JamfAccess(
        server,
        given,
        "given to be tried",
        network_to(server, workplace.settings),
        integration.settings.read_collections,
        route.connection,
        integration.settings.reads_attributes,
    )


def _configuration(
    workplace: Workplace, connection: psycopg.Connection, integration: Integration
) -> Configuration:
    row = _row(connection, integration, lock=False)
    following = next_sync(integration, datetime.now(UTC))
    return Configuration(
        integration=integration.name,
        environment=integration.environment,
        is_enabled=integration.is_enabled,
        connection=_connection(workplace, connection, integration, row),
        is_scheduled=integration.is_scheduled,
        schedule=integration.schedule,
        next_sync=following.at,
        why_no_sync=following.why_not,
        scope_groups=integration.scope_groups,
        scope_group=_scope_group(row),
        policies=_policies(integration.settings),
        ownership=_ownership(integration.settings),
        version=_version(row),
    )


def _connection(
    workplace: Workplace, connection: psycopg.Connection, integration: Integration, row: Row
) -> SavedConnection:
    kind: CredentialsKind | None = None
    source = problem = ""
    try:
        access = jamf_access(workplace.settings, integration, connection)
    except EXPLAINED as error:
        explained = explanation_of(error)
        problem = f"{explained.message} {explained.remedy}".strip() if explained else str(error)
    else:
        kind, source = access.kind, access.source
    route = integration.route
    scope = route.connection.scope if isinstance(route.connection, Gateway) else None
    return SavedConnection(
        connection=route.connection.kind,
        base_url=route.base_url,
        environment_id=scope.id if scope and scope.kind == "environment" else None,
        tenant_id=scope.id if scope and scope.kind == "tenant" else None,
        web_url=route.web_url,
        has_credentials=row["has_credentials"],
        credentials_end_on=end_of_credentials(connection, workplace.settings, integration),
        kind=kind,
        source=source,
        problem=problem,
        overriding=credentials.overriding(workplace.settings),
    )


def _policies(settings: SyncSettings) -> tuple[Policy, ...]:
    usual = SyncSettings()
    return tuple(
        Policy(
            key=_SPELLINGS.get(name, (name,))[0],
            meaning=declared.description or "",
            value=_written(getattr(settings, name)),
            default=_written(getattr(usual, name)),
            choices=_choices(declared.annotation),
        )
        for name, declared in SyncSettings.model_fields.items()
    )


def _ownership(settings: SyncSettings) -> tuple[RuleInForce, ...]:
    declared = {(rule.object_type, rule.field): rule for rule in declared_rules()}
    return tuple(
        _rule(rule, is_replaced=rule != declared[rule.object_type, rule.field])
        for rule in effective_rules(settings.ownership_overrides)
    )


def _rule(rule: OwnershipRule, *, is_replaced: bool) -> RuleInForce:
    return RuleInForce(
        rule.object_type,
        rule.field,
        rule.owner,
        rule.on_create,
        rule.on_update,
        rule.on_null,
        rule.records_conflict,
        rule.why,
        is_replaced,
    )


def _choices(annotation: Any) -> tuple[str, ...]:
    words = get_args(annotation)
    return tuple(words) if words and all(isinstance(word, str) for word in words) else ()


def _written(value: object) -> str:
    def plain(each: Any) -> Any:
        if isinstance(each, BaseModel):
            return each.model_dump(mode="json", exclude_none=False)
        return str(each)

    return orjson.dumps(value, default=plain).decode()


def _changed_settings(
    stored: Mapping[str, Any], change: Mapping[str, str | None]
) -> dict[str, Any]:
    """The settings with a change in them, every spelling of a key alike; what others keep there stays.

    Raises:
        ConfigurationInvalid: there is no such setting, or it cannot have that value.
    """
    changed = dict(stored)
    for key, text in change.items():
        value = None if text is None else _parsed(key, text)
        spelled = next((all_ for all_ in _SPELLINGS.values() if key in all_), (key,))
        for each in spelled:
            changed.pop(each, None)
            if value is not None:
                changed[each] = value
    unknown = set(change) - _known_keys()
    if unknown:
        raise ConfigurationInvalid(
            f"settings.{min(unknown)}",
            f"There is no setting {min(unknown)!r}.",
            "The configuration lists those that there are.",
        )
    try:
        effective_rules(SyncSettings.model_validate(changed).ownership_overrides)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "settings"
        raise ConfigurationInvalid(
            f"settings.{where}", f"{where}: {fault['msg']}.", "Nothing was saved; correct it."
        ) from None
    except OwnershipInvalid as error:
        raise ConfigurationInvalid(
            "settings.ownership", str(error).removesuffix(error.remedy).strip(), error.remedy
        ) from None
    return changed


def _parsed(key: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ConfigurationInvalid(
            f"settings.{key}",
            f"{key} is no JSON: {text[:80]}.",
            'Write a word in double quotes, a list as ["one", "two"], or leave it empty for the default.',
        ) from None


def _known_keys() -> frozenset[str]:
    names = set(SyncSettings.model_fields) - set(_SPELLINGS)
    return frozenset(names.union(*_SPELLINGS.values()))


def _require_schedule(schedule: str | None) -> None:
    if schedule is None:
        return
    try:
        next_tick(schedule, datetime.now(UTC))
    except CronInvalid:
        raise ConfigurationInvalid(
            "schedule",
            f"{schedule!r} is no cron expression of five fields that means a time.",
            "Write one such as 0 */6 * * *, which is every six hours; times are UTC.",
        ) from None
    if len(schedule) > _LONGEST_SCHEDULE:
        raise ConfigurationInvalid(
            "schedule",
            f"The schedule has {len(schedule)} characters, and M.O.S.S. keeps {_LONGEST_SCHEDULE}.",
            "Write a shorter one.",
        )


def _save_connection(
    workplace: Workplace,
    connection: psycopg.Connection,
    integration: Integration,
    change: ConfigurationChange,
) -> None:
    route = _onto(change.route, integration)
    if change.credentials is not None:
        route = credentials.destination_of(workplace.settings, integration, change.route)
        _require_fit(route.connection, change.credentials)
        credentials.save_with(
            workplace.settings,
            connection,
            integration,
            change.credentials,
            route,
            change.credentials_expire_on,
        )
        return
    if change.credentials_expire_on is not None:
        route = replace(route, credentials_expire_on=change.credentials_expire_on)
    if route == integration.route:
        return
    row = _row(connection, integration)
    if row["has_credentials"] and not _takes_the_same(route, integration.route):
        raise ConfigurationInvalid(
            "credentials",
            f"The saved credentials are for {integration.base_url or 'another server'}, and would go to "
            f"{route.base_url}.",
            "Give the credentials of that server as well.",
        )
    save_route(connection, integration.id, route)


def _save_scope(
    connection: psycopg.Connection, integration: Integration, before: Row, group: str | None
) -> None:
    if group is None:
        return
    if not before["has_access_scope"]:
        raise ConfigurationInvalid(
            "scope_group",
            "This M.O.S.S. has no column access_scope.",
            "Use the setting smart_group_filter, or upgrade M.O.S.S.",
        )
    wanted = {"jamf_group_id": group.strip()} if group.strip() else {}
    try:
        AccessScope.model_validate(wanted)
    except ValidationError as error:
        raise ConfigurationInvalid(
            "scope_group", f"The group cannot be used: {error.errors()[0]['msg']}.", "Correct it."
        ) from None
    execute(
        connection,
        "integration/save_access_scope",
        {"integration_id": integration.id, "access_scope": Jsonb(wanted)},
    )


def _scope_group(row: Row) -> str:
    groups = AccessScope.model_validate(row["access_scope"] or {}).groups
    return groups[0] if groups else ""


def _usable(address: str) -> str:
    try:
        return str(usable_base_url(address)).rstrip("/")
    except EXPLAINED as error:
        explained = explanation_of(error)
        raise ConfigurationInvalid(
            "base_url",
            explained.message if explained else str(error),
            (explained.remedy if explained else "") or "Correct the address.",
        ) from None


def _takes_the_same(one: Route, other: Route) -> bool:
    """Whether what takes the credentials at the end of two ways to JAMF is the same."""
    if one.base_url == other.base_url and one.connection.kind is other.connection.kind:
        return True
    return (
        one.base_url is not None
        and other.base_url is not None
        and one.connection.kind is other.connection.kind
        and server_identity(one.base_url) == server_identity(other.base_url)
    )


def _onto(given: RouteGiven, integration: Integration) -> Route:
    """The way to JAMF that follows. Raises ConfigurationInvalid: a part of it cannot be used."""
    if given == _AS_IT_IS:
        return integration.route
    try:
        return given.onto(integration.route)
    except RouteInvalid as error:
        raise ConfigurationInvalid(error.where, error.message, error.remedy) from None


def _require_fit(way: Connection, given: JamfCredentials) -> None:
    try:
        way.require_fit(type(given))
    except JamfCredentialsRejected as error:
        raise ConfigurationInvalid("credentials", error.happened, error.remedy) from None


def _row(connection: psycopg.Connection, integration: Integration, *, lock: bool = True) -> Row:
    name = "integration/configured_row"
    if lock:
        fetch_all(connection, "integration/lock_row", {"integration_id": integration.id})
    (row,) = fetch_all(connection, name, {"integration_id": integration.id})
    return row


_CONFIGURED: Final = (
    *("is_enabled", "config", "sync_schedule", "auto_sync_enabled", "sync_settings"),
    "access_scope",
)


def _version(row: Row) -> str:
    """What changes with every change of a configuration."""
    stored = orjson.dumps({name: row[name] for name in _CONFIGURED}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(stored + bytes([row["has_credentials"]])).hexdigest()[:16]


def _difference(before: Row, after: Row) -> dict[str, Any]:
    changed: Sequence[str] = [name for name in _CONFIGURED if before[name] != after[name]]
    return {
        "before": {name: before[name] for name in changed},
        "after": {name: after[name] for name in changed},
    }


def _or(given: Any, stored: Any) -> Any:
    return stored if given is None else given
