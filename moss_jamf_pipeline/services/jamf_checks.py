"""What is asked of JAMF Pro to see whether a sync could work: its version, and what the credentials may read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from moss_jamf_pipeline.catalogue.collections import STANDARD_COLLECTIONS, CollectionName
from moss_jamf_pipeline.catalogue.extension_attributes import PRIVILEGE as ATTRIBUTE_PRIVILEGE
from moss_jamf_pipeline.engine.access import (
    ConfigurationMissing,
    JamfAccess,
    given_credentials,
    jamf_access,
)
from moss_jamf_pipeline.jamf import MissingPrivilege
from moss_jamf_pipeline.jamf.listings import SOURCES
from moss_jamf_pipeline.moss.integration.integrations import (
    DEFAULT_NAME,
    Integration,
    SyncSettings,
)
from moss_jamf_pipeline.services.credentials_expiry import (
    CredentialsExpiry,
    credentials_expiring,
    expiry_of,
)
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_ATTRIBUTES: Final = "extension_attributes"


@dataclass(frozen=True, slots=True)
class JamfAnswer:
    """What JAMF said to the credentials that a sync would use.

    Attributes:
        version: of JAMF Pro.
        gaps: what the credentials may not read.
        collections: what was asked for.
    """

    version: str
    gaps: tuple[MissingPrivilege, ...]
    collections: tuple[str, ...] = STANDARD_COLLECTIONS

    @property
    def readable(self) -> str:
        """What is to be said where there is no gap."""
        *names, last = (name.replace("_", " ") for name in self.collections)
        return f"{', '.join(names)} and {last} can be read"


@dataclass(frozen=True, slots=True)
class CollectionAccess:
    """A collection that a sync reads, and whether credentials may read it.

    Attributes:
        collection: what.
        privileges: what it takes, by the exact names of JAMF's API role editor, or of the gateway's permissions.
        is_readable: whether a record of it could be read.
        endpoint: the path that was refused; None: none was.
    """

    collection: str
    privileges: tuple[str, ...]
    is_readable: bool
    endpoint: str | None


def look_at_access(
    workplace: Workplace, choice: IntegrationChoice, *, asks_moss: bool
) -> tuple[str, JamfAccess]:
    """Which server is read, and with which credentials. Nothing is sent.

    Args:
        workplace: where.
        choice: which integration.
        asks_moss: whether M.O.S.S. can be asked; else only the environment counts.

    Raises:
        ConfigurationMissing: no server or no credentials are configured.
        CredentialsUnreadable: credentials are saved and cannot be read.
        JamfAddressInvalid: the address is none.
    """
    if asks_moss:
        with workplace.reading(choice) as (connection, integration):
            access = jamf_access(workplace.settings, integration, connection)
    else:
        access = jamf_access(workplace.settings, _unsaved_integration(choice), None)
    access.client()  # which takes no address that cannot be used
    return f"{access.told}; credentials: {access.source}", access


def look_for_expiry(
    workplace: Workplace, choice: IntegrationChoice, *, asks_moss: bool
) -> CredentialsExpiry | None:
    """When the credentials end; arguments as of `look_at_access`. None: it is not known, or they do not."""
    if asks_moss:
        return credentials_expiring(workplace, choice)
    return expiry_of(None, workplace.settings, _unsaved_integration(choice))


def require_lasting(expiry: CredentialsExpiry) -> str:
    """Lets credentials pass that last for a while yet.

    Raises:
        ProblemFound: they have ended, or will soon.
    """
    if expiry.state != "fine":
        raise ProblemFound(expiry.message, expiry.remedy)
    return expiry.message


def environment_says_all(settings: Settings) -> bool:
    """Whether M.O.S.S. need not be asked for the server and the credentials: the environment has both, or a mistake."""
    try:
        return settings.jamf_base_url is not None and given_credentials(settings) is not None
    except ConfigurationMissing:
        return True


def _unsaved_integration(choice: IntegrationChoice) -> Integration:
    """What is known of an integration when M.O.S.S. cannot be asked."""
    return Integration(
        id=UUID(int=0),
        name=choice.name or DEFAULT_NAME,
        is_enabled=True,
        settings=SyncSettings(),
    )


def ask_version(access: JamfAccess) -> str:
    """The version of a JAMF Pro that accepts the credentials.

    Raises:
        JamfError: it does not accept them, or cannot be asked.
    """
    # A client is used once: its connections belong to the event loop that opened them.
    return asyncio.run(_version(access))


def ask_everything(access: JamfAccess) -> JamfAnswer:
    """Version and privileges.

    Raises:
        JamfError: JAMF does not accept the credentials, or cannot be asked.
    """
    return asyncio.run(_everything(access))


def ask_collections(access: JamfAccess) -> tuple[str, tuple[CollectionAccess, ...]]:
    """Version, and of every collection whether it can be read.

    Raises:
        JamfError: JAMF does not accept the credentials, or cannot be asked.
    """
    answer = ask_everything(access)
    gaps = {gap.collection: gap for gap in answer.gaps}
    return answer.version, tuple(
        CollectionAccess(
            name,
            access.connection.permissions(_privileges_for(name)),
            name not in gaps,
            gaps[name].endpoint if name in gaps else None,
        )
        for name in answer.collections
    )


def _privileges_for(name: str) -> tuple[str, ...]:
    """What it takes to read a collection, or the definitions of extension attributes."""
    if name == _ATTRIBUTES:
        return (ATTRIBUTE_PRIVILEGE,)
    return SOURCES[CollectionName(name)].privileges


def require_readable(access: JamfAccess, gaps: Sequence[MissingPrivilege]) -> None:
    """Lets credentials pass that may read everything a sync reads.

    Args:
        access: what was asked with.
        gaps: what it may not read.

    Raises:
        ProblemFound: naming what cannot be read and what it takes, as whoever grants it sees it.
    """
    if not gaps:
        return
    names = sorted({privilege for gap in gaps for privilege in gap.privileges})
    raise ProblemFound(
        f"JAMF's {' and '.join(gap.collection.replace('_', ' ') for gap in gaps)} cannot be read "
        f"({', '.join(gap.endpoint for gap in gaps)}).",
        f"{access.connection.granting(names)}.",
    )


async def _version(access: JamfAccess) -> str:
    async with access.client() as client:
        return str(await client.server_version())


async def _everything(access: JamfAccess) -> JamfAnswer:
    async with access.client() as client:
        version = await client.server_version()
        gaps = await client.missing_privileges(access.collections)
        names = tuple(collection.value for collection in access.collections)
        if access.reads_attributes:
            names = (*names, _ATTRIBUTES)
            gap = await client.missing_attribute_privilege()
            gaps += [] if gap is None else [gap]
        return JamfAnswer(str(version), tuple(gaps), names)
