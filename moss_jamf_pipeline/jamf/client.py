"""The JAMF Pro client: what the rest of the project uses of this package."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from moss_jamf_pipeline.catalogue.collections import STANDARD_COLLECTIONS, CollectionName
from moss_jamf_pipeline.catalogue.extension_attributes import SECTIONS as ATTRIBUTE_SECTIONS
from moss_jamf_pipeline.jamf.acquaintance import Acquaintance
from moss_jamf_pipeline.jamf.attributes import (
    AttributeDefinition,
    AttributeTaking,
    read_definitions,
    try_definitions,
)
from moss_jamf_pipeline.jamf.authentication import TokenSource
from moss_jamf_pipeline.jamf.computer_now import ComputerNow, Section, read_sections
from moss_jamf_pipeline.jamf.connections import SERVER, Connection
from moss_jamf_pipeline.jamf.credentials import ClientCredentials, UserCredentials
from moss_jamf_pipeline.jamf.documents import (
    COMPUTER_LISTING_READER,
    COMPUTER_READER,
    READERS,
    BodyShapeError,
    DocumentReader,
    KnownUser,
    ListedUser,
    classic_users,
    computer_reader,
    describe_type_errors,
    parse_leniently,
)
from moss_jamf_pipeline.jamf.errors import (
    JamfAnswerInvalid,
    JamfNotFound,
    JamfPrivilegeMissing,
    JamfScopeInvalid,
)
from moss_jamf_pipeline.jamf.fetching import (
    ChangedComputers,
    ReadingPlan,
    RecordFetch,
    plan_of_reading,
)
from moss_jamf_pipeline.jamf.limits import DEFAULT_LIMITS, ClientLimits
from moss_jamf_pipeline.jamf.listings import (
    COMPUTER_SECTIONS,
    SOURCES,
    CollectionSource,
    Listing,
    ListingStyle,
    absent_everywhere,
)
from moss_jamf_pipeline.jamf.network import DIRECT, Network
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.sweep import Sweep
from moss_jamf_pipeline.jamf.transport import JamfTransport, usable_base_url
from moss_jamf_pipeline.jamf.version import ServerVersion

logger = logging.getLogger("moss_jamf_pipeline.jamf")

_VERSION_PATH = "/api/v1/jamf-pro-version"

_REFUSALS_REMEMBERED: Final = 600.0
"""Seconds, for which a section is not asked for again that JAMF refused: a privilege is seldom given meanwhile."""

_LISTED_PER_PAGE = 4
"""One section in place of five is read in pages this much larger: with the usual size, JAMF's largest.
What turns out to be too heavy is made smaller, as any page is."""


@dataclass(frozen=True, slots=True)
class MissingPrivilege:
    """A collection that these credentials may not read.

    Attributes:
        collection: what cannot be read.
        endpoint: the path that was refused.
        privileges: what it asks for, by the exact names of JAMF's API role editor or of the gateway's permissions. Of
            several, at least one is missing.
    """

    collection: str
    endpoint: str
    privileges: tuple[str, ...]


_ModelT = TypeVar("_ModelT", bound=BaseModel)


class _VersionAnswer(BaseModel):
    version: str


class JamfClient:
    """Reads one JAMF Pro server. Use it as an async context manager.

    All sweeps of a client share its connections, its token and its limit of requests in flight.

    Args:
        base_url: e.g. `https://example.jamfcloud.com`; plain http only for this very machine.
        credentials: an API client, or a user account for servers older than 10.49.
        connection: whether that is a JAMF Pro server, or the gateway.
        limits: see `ClientLimits`.
        acquaintance: what earlier clients of this server and these credentials have learned.
        network: the way to the server.
        transport: replaces the network, for tests of single odd answers.

    Raises:
        JamfAddressInvalid: the base URL cannot be used.
        JamfAuthoritiesUnusable: there are no certificates where those of the authorities should be.
        JamfCredentialsRejected: credentials of that kind are not taken there.
    """

    def __init__(
        self,
        base_url: str,
        credentials: ClientCredentials | UserCredentials,
        *,
        connection: Connection = SERVER,
        limits: ClientLimits = DEFAULT_LIMITS,
        acquaintance: Acquaintance | None = None,
        network: Network = DIRECT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        connection.require_host(base_url)
        connection.require_fit(type(credentials))
        self._connection = connection
        self._limits = limits
        self._acquaintance = acquaintance or Acquaintance()
        if self._acquaintance.tls is None and transport is None:
            usable_base_url(base_url)
            self._acquaintance.tls = network.tls()
        self._transport = JamfTransport(
            base_url, limits, transport, self._acquaintance.tls, network
        )
        tokens = TokenSource(
            self._transport, credentials, limits.request_patience, self._acquaintance, connection
        )
        self._session = JamfSession(self._transport, tokens, connection)
        self._version_lock = asyncio.Lock()
        self._inventory_path: str | None = None
        self._refused_sections: dict[Section, tuple[str, float]] = {}

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.__aexit__(kind, error, traceback)

    @property
    def base_url(self) -> str:
        """The server's base URL, without a trailing slash."""
        return self._transport.base_url

    @property
    def identity(self) -> str:
        """Names the JAMF Pro server, so that another one is noticed."""
        return self._connection.identity(self.base_url)

    async def server_version(self) -> ServerVersion:
        """The server's version; asked once.

        Raises:
            JamfAnswerInvalid: there is no JAMF Pro at the base URL.
            JamfError: it could not be asked.
        """
        async with self._version_lock:
            if self._acquaintance.version is None:
                self._acquaintance.version = await self._ask_version()
                logger.info("JAMF Pro %s at %s", self._acquaintance.version, self.base_url)
            return self._acquaintance.version

    async def missing_privileges(
        self, collections: Iterable[CollectionName] = STANDARD_COLLECTIONS
    ) -> list[MissingPrivilege]:
        """What these credentials may not read, found by reading a record of each collection that a sync reads.

        JAMF's own list of an account's privileges proves neither that an endpoint is there nor that it answers.

        Args:
            collections: which these are.

        Raises:
            JamfTooOld: the server is older than the oldest that can be synced.
            JamfError: the server could not be asked, or has none of a collection's endpoints.
        """
        missing = []
        for collection in collections:
            try:
                await self._try_reading(collection)
            except JamfPrivilegeMissing as error:
                missing.append(MissingPrivilege(collection, error.endpoint, error.privileges))
        return missing

    def sweep(
        self,
        collection: CollectionName,
        *,
        scope_group_ids: frozenset[str] = frozenset(),
        known_users: Mapping[str, KnownUser] | None = None,
        attributes: AttributeTaking | None = None,
    ) -> Sweep:
        """Read a collection completely.

        Args:
            collection: what to read.
            scope_group_ids: groups, smart or static; of a computer that is not in all of them only
                its id and that it is out of scope is kept. Other collections have no scope.
            known_users: of users that cost a request each: who is listed with the same name is not read again.
            attributes: of computers, what is taken of their extension attributes; None: they are not asked for.

        Returns:
            An async iterator of pages; nothing is asked before it is iterated.
        """
        collection = CollectionName(collection)
        source, reader = _as_it_is_read(collection, scope_group_ids, attributes)
        return Sweep(
            collection,
            self._session,
            self.server_version,
            self._limits,
            source=source,
            reader=reader,
            known_users=known_users,
        )

    async def attribute_definitions(self) -> tuple[AttributeDefinition, ...]:
        """The definitions of the extension attributes of computers.

        Raises:
            JamfPrivilegeMissing: these credentials may not read them.
            JamfError: they could not be read.
        """
        return await read_definitions(self._session, self._limits.request_patience)

    async def missing_attribute_privilege(self) -> MissingPrivilege | None:
        """What these credentials lack to read those definitions; None: nothing.

        Raises:
            JamfError: the server could not be asked.
        """
        try:
            await try_definitions(self._session, self._limits.request_patience)
        except JamfPrivilegeMissing as error:
            return MissingPrivilege("extension_attributes", error.endpoint, error.privileges)
        return None

    async def reads_users_one_by_one(self) -> bool:
        """Whether this server is so old that each user's details cost a request.

        Raises:
            JamfError: it could not be asked for its version.
        """
        listings = self._session.listings(
            SOURCES[CollectionName.USERS], await self.server_version()
        )
        return listings[0].style is ListingStyle.CLASSIC_USERS

    def computer_listing(self) -> Sweep:
        """Read of every computer only section GENERAL, in larger pages: to see what changed.

        Returns:
            A sweep as complete as one of whole computers. Its documents are parts of those
            (`documents.distil_listed_computer`).
        """
        source = SOURCES[CollectionName.COMPUTERS].with_sections("GENERAL")
        return Sweep(
            CollectionName.COMPUTERS,
            self._session,
            self.server_version,
            replace(self._limits, page_size=self._limits.page_size * _LISTED_PER_PAGE),
            source=source,
            reader=COMPUTER_LISTING_READER,
        )

    def plan_of_reading(self, changed: ChangedComputers) -> ReadingPlan:
        """How to read computers of which a listing told that they changed; nothing is asked."""
        return plan_of_reading(changed, self._limits.page_size)

    def fetch_computers(
        self,
        endpoint: str,
        wanted: AbstractSet[str],
        *,
        since: datetime | None = None,
        attributes: AttributeTaking | None = None,
    ) -> RecordFetch:
        """Read some computers whole.

        Args:
            endpoint: where the listing was read that named them.
            wanted: their ids.
            since: read all that reported since, before asking by ids for the rest.
            attributes: as of `sweep`.

        Returns:
            An async iterator of pages; nothing is asked before it is iterated.
        """
        source, reader = _as_it_is_read(CollectionName.COMPUTERS, frozenset(), attributes)
        return RecordFetch(
            wanted,
            since,
            session=self._session,
            listing=source.listing_at(endpoint),
            reader=reader,
            privileges=source.privileges,
            limits=self._limits,
        )

    async def computer_now(self, jamf_id: str, wanted: Iterable[Section]) -> ComputerNow:
        """Read some sections of one computer, to be shown.

        A section that these credentials may not read is left out and said to be; which ones these are is remembered for
        some minutes.

        Args:
            jamf_id: whose.
            wanted: the sections; GENERAL is asked for in any case, by which a personally-owned Mac is known.

        Raises:
            JamfNotFound: JAMF has no such computer.
            JamfPrivilegeMissing: these credentials may not read computers at all.
            JamfError: it could not be asked.
        """
        asked = {Section.GENERAL, *wanted}
        refused = self._refused_now()
        readable = [section for section in Section if section in asked and section not in refused]
        lacking = {section: refused[section] for section in asked & refused.keys()}
        found = (await self._sections_of(jamf_id, readable)).as_may_be_shown()
        if found.is_personal:
            return found
        return replace(found, lacking={**found.lacking, **lacking})

    async def _sections_of(self, jamf_id: str, sections: Sequence[Section]) -> ComputerNow:
        source = SOURCES[CollectionName.COMPUTERS]
        known = self._inventory_path
        listings = self._session.listings(source, await self.server_version())
        absence: JamfNotFound | None = None
        for path in [known] if known else [listing.path for listing in listings]:
            try:
                found = await self._sections_at(f"{path}/{quote(jamf_id, safe='')}", sections)
            except JamfNotFound as not_found:  # the record, or this version of the endpoint
                absence = absence or not_found
                continue
            self._inventory_path = path
            return found
        raise absence or absent_everywhere(
            CollectionName.COMPUTERS, await self.server_version(), "It has no inventory."
        )

    async def _sections_at(self, path: str, sections: Sequence[Section]) -> ComputerNow:
        try:
            return await self._sections_by_one_request(path, sections)
        except JamfPrivilegeMissing:
            if len(sections) == 1:
                raise
        # One section that may not be read refuses them all: by itself, each says so.
        first = await self._sections_by_one_request(path, [Section.GENERAL])
        others = [section for section in sections if section is not Section.GENERAL]
        parts = await asyncio.gather(*(self._section_by_itself(path, each) for each in others))
        return first.joined(parts)

    async def _section_by_itself(self, path: str, section: Section) -> ComputerNow:
        try:
            return await self._sections_by_one_request(path, [section])
        except JamfPrivilegeMissing as refusal:
            told = f"JAMF Pro does not show the section {section} to these credentials: {refusal}"
            self._refused_sections[section] = (told, time.monotonic() + _REFUSALS_REMEMBERED)
            return ComputerNow(is_personal=False, sections={}, lacking={section: told})

    async def _sections_by_one_request(self, path: str, sections: Sequence[Section]) -> ComputerNow:
        return await self._session.get(
            path,
            tuple(("section", section.value) for section in sections),
            read=partial(read_sections, wanted=sections),
            ledger=self._session.ledger(),
            patience=self._limits.request_patience,
            privileges=_privileges_of(sections),
        )

    def _refused_now(self) -> dict[Section, str]:
        now = time.monotonic()
        return {
            section: told
            for section, (told, until) in self._refused_sections.items()
            if until > now
        }

    async def fetch_named(
        self,
        collection: CollectionName,
        wanted: AbstractSet[str],
        *,
        endpoint: str | None = None,
        scope_group_ids: frozenset[str] = frozenset(),
        attributes: AttributeTaking | None = None,
    ) -> tuple[str, RecordFetch] | None:
        """Read records whole that somebody named; JAMF may have them or not.

        Args:
            collection: computers or users.
            wanted: their ids.
            endpoint: where the collection was read last; None: it is not known.
            scope_group_ids: as of `sweep`.
            attributes: as of `sweep`.

        Returns:
            Where they are read, and an async iterator of pages; nothing but the version is asked before it is iterated.
            None: this server is so old that it has no listing to ask for some of them.

        Raises:
            JamfError: the server could not be asked for its version.
        """
        source, reader = _as_it_is_read(collection, scope_group_ids, attributes)
        listings = self._session.listings(source, await self.server_version())
        listing = next((each for each in listings if each.path == endpoint), listings[0])
        if listing.style is not ListingStyle.PAGED:
            return None
        return listing.path, RecordFetch(
            wanted,
            None,
            session=self._session,
            listing=listing,
            reader=reader,
            privileges=source.privileges,
            limits=self._limits,
            collection=collection,
            were_listed=False,
        )

    async def computer_group_ids(self, references: Iterable[str]) -> frozenset[str]:
        """The ids of computer groups, smart or static.

        Args:
            references: an id each, or a name in any case.

        Raises:
            JamfScopeInvalid: JAMF lists no such group, or several of that name.
            JamfError: the groups could not be read.
        """
        documents = [
            parse_leniently(record.document)
            async for page in self.sweep(CollectionName.GROUPS)
            for record in page.records
        ]
        names = {document["id"]: document["name"] or "" for document in documents}
        return frozenset(self._group_id(reference, names) for reference in references)

    def _group_id(self, reference: str, names: Mapping[str, str]) -> str:
        wanted = reference.strip()
        if wanted in names:
            return wanted
        found = [
            jamf_id
            for jamf_id, name in names.items()
            if name.strip().casefold() == wanted.casefold()
        ]
        if len(found) == 1:
            return found[0]
        what = (
            f"has {len(found)} computer groups named {reference!r} (ids {', '.join(found)})"
            if found
            else f"lists no computer group with the id or the name {reference!r}"
        )
        raise JamfScopeInvalid(
            f"M.O.S.S. confines the sync to a group, and JAMF Pro at {self.base_url} {what}. Nothing "
            "was captured: every computer would be taken for out of scope.",
            "Correct access_scope, or sync_settings.smart_group_filter, of the integration in M.O.S.S.: "
            "a group's id is in its address in JAMF Pro.",
        )

    async def _ask_version(self) -> ServerVersion:
        try:
            return await self._session.get(
                _VERSION_PATH,
                read=_read_version,
                ledger=self._session.ledger(),
                patience=self._limits.request_patience,
            )
        except JamfNotFound as error:
            raise self._connection.nothing_there(self.base_url, error) from error

    async def _try_reading(self, collection: CollectionName) -> None:
        """Ask for one record of a collection, where this server has it.

        Raises:
            JamfPrivilegeMissing: these credentials may not read it.
            JamfTooOld: this server has none of its endpoints, and is older than the oldest that can be synced.
            JamfAnswerInvalid: it has none of them, or what it answers is no such collection.
        """
        source = SOURCES[collection]
        seen = ""
        version = await self.server_version()
        for listing in self._session.listings(source, version):
            try:
                answer = await self._probe(listing.path, _probe_parameters(listing), source)
            except JamfNotFound as not_found:
                seen = not_found.happened
                continue
            if listing.style is ListingStyle.CLASSIC_USERS:
                for user in _classic_users(answer, self.base_url)[:1]:
                    with suppress(JamfNotFound):  # deleted just now
                        await self._probe(f"{listing.path}/id/{user.jamf_id}", (), source)
            return
        raise absent_everywhere(collection, version, seen)

    async def _probe(
        self, path: str, parameters: tuple[tuple[str, str], ...], source: CollectionSource
    ) -> Any:
        return await self._session.get(
            path,
            parameters,
            read=parse_leniently,
            ledger=self._session.ledger(),
            patience=self._limits.request_patience,
            privileges=source.privileges,
        )


def _as_it_is_read(
    collection: CollectionName,
    scope_group_ids: frozenset[str],
    attributes: AttributeTaking | None,
) -> tuple[CollectionSource, DocumentReader[Any]]:
    """Where a collection is read, and what is kept of its records; only computers have a scope and attributes."""
    source = SOURCES[collection]
    if collection is not CollectionName.COMPUTERS:
        return source, READERS[collection]
    if attributes is not None:
        sections = (*COMPUTER_SECTIONS, *ATTRIBUTE_SECTIONS)
        return source.with_sections(*sections), attributes.reader(scope_group_ids)
    return source, computer_reader(scope_group_ids) if scope_group_ids else COMPUTER_READER


def _privileges_of(sections: Sequence[Section]) -> tuple[str, ...]:
    """What it takes to read sections of a computer, by the names of JAMF's role editor."""
    computers = SOURCES[CollectionName.COMPUTERS].privileges
    if Section.GROUP_MEMBERSHIPS in sections:
        return (*computers, *SOURCES[CollectionName.GROUPS].privileges)
    return computers


def _classic_users(answer: object, base_url: str) -> list[ListedUser]:
    try:
        return classic_users(answer)
    except BodyShapeError as error:
        raise JamfAnswerInvalid(
            f"JAMF Pro at {base_url} lists users in a form that is not known: {error}.",
            "Check that the base URL is the JAMF Pro server itself.",
        ) from None


def _probe_parameters(listing: Listing) -> tuple[tuple[str, str], ...]:
    return listing.page_parameters(0, 1) if listing.style is ListingStyle.PAGED else ()


def _read_version(body: bytes) -> ServerVersion:
    text = _validated(_VersionAnswer, body).version
    try:
        return ServerVersion.parse(text)
    except ValueError as error:
        raise BodyShapeError(str(error)) from None


def _validated(model: type[_ModelT], body: bytes) -> _ModelT:
    try:
        return model.model_validate(parse_leniently(body))
    except ValidationError as error:
        raise BodyShapeError(describe_type_errors(error)) from None
