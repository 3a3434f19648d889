"""What can be swept, from which endpoint of which server version, and which privileges that takes.

Paths, first versions, page limits and privilege names are facts of JAMF Pro's published interface.
The fields that are kept of an answer are `allow_list`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from moss_jamf_pipeline.catalogue.allow_list import section_parameter, sections
from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.jamf.errors import JamfAnswerInvalid, JamfTooOld
from moss_jamf_pipeline.jamf.version import OLDEST_SUPPORTED, ServerVersion

ANY_VERSION = ServerVersion(0, 0)

COMPUTER_SECTIONS = tuple(map(section_parameter, sections(CollectionName.COMPUTERS)))
"""Sections requested of every computer: what `allow_list.Computer` is made of, and nothing more."""

MOBILE_DEVICE_SECTIONS = tuple(map(section_parameter, sections(CollectionName.MOBILE_DEVICES)))
"""The same of every mobile device; an Apple TV or a watch has not all of them."""


class ListingStyle(StrEnum):
    """How an endpoint hands out its collection."""

    PAGED = "paged"
    """`{totalCount, results}`, by `page` and `page-size`."""
    ARRAY = "array"
    """One bare JSON array. It ignores paging parameters: paging it would repeat it for ever."""
    CLASSIC_USERS = "classic_users"
    """Ids and names from the Classic API, then one request per user."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One endpoint that lists a collection.

    Attributes:
        path: below the server's base URL.
        style: how it answers.
        since: the first server version that has it.
        largest_page: records per page it serves at most.
        sections: values of the repeated parameter `section`.
        filter: an RSQL expression that confines it; empty: it lists everything.
        sort: the order of ids, as it is asked for.
        parameters: what else every request says.
    """

    path: str
    style: ListingStyle = ListingStyle.PAGED
    since: ServerVersion = ANY_VERSION
    largest_page: int = 2_000
    sections: tuple[str, ...] = ()
    filter: str = ""
    sort: str = "id:asc"
    parameters: tuple[tuple[str, str], ...] = ()

    def page_parameters(self, page: int, page_size: int) -> tuple[tuple[str, str], ...]:
        """The query for one page in the order of ids, the only order that edits do not change."""
        return (
            *(("section", section) for section in self.sections),
            ("page", str(page)),
            ("page-size", str(page_size)),
            ("sort", self.sort),
            *self.parameters,
            *((("filter", self.filter),) if self.filter else ()),
        )


def absent_everywhere(
    collection: CollectionName, version: ServerVersion, seen: str
) -> JamfTooOld | JamfAnswerInvalid:
    """What to say of a server that has a collection at none of its endpoints.

    Args:
        collection: which.
        version: the server's.
        seen: what the last of them answered, as a sentence.
    """
    if version < OLDEST_SUPPORTED:
        oldest = f"{OLDEST_SUPPORTED.major}.{OLDEST_SUPPORTED.minor}"
        return JamfTooOld(
            f"This JAMF Pro ({version}) is too old: it lists {collection} at none of the known endpoints. {seen}",
            f"The oldest JAMF Pro that can be synced is {oldest}: update JAMF Pro.",
        )
    return JamfAnswerInvalid(
        f"This JAMF Pro ({version}) lists {collection} at none of the known endpoints: {seen}",
        "Check that the base URL is the JAMF Pro server itself.",
    )


@dataclass(frozen=True, slots=True)
class CollectionSource:
    """Where a collection is read.

    Attributes:
        listings: newest first; a server that answers 404 to one is asked for the next.
        privileges: exact names in JAMF's API role editor.
    """

    listings: tuple[Listing, ...]
    privileges: tuple[str, ...]

    def listings_for(self, version: ServerVersion) -> tuple[Listing, ...]:
        """The listings a server of this version should have, newest first."""
        return tuple(listing for listing in self.listings if listing.since <= version)

    def listing_at(self, path: str) -> Listing:
        """The listing at a path. Raises LookupError if there is none."""
        for listing in self.listings:
            if listing.path == path:
                return listing
        raise LookupError(f"nothing is listed at {path}")

    def with_sections(self, *sections: str) -> "CollectionSource":
        """The same with other sections of each record."""
        return replace(
            self, listings=tuple(replace(listing, sections=sections) for listing in self.listings)
        )


def _computers(api: str, since: ServerVersion) -> Listing:
    return Listing(f"/api/{api}/computers-inventory", since=since, sections=COMPUTER_SECTIONS)


def _mobile_devices(since: ServerVersion, *parameters: tuple[str, str]) -> Listing:
    return Listing(
        "/api/v2/mobile-devices/detail",
        since=since,
        sections=MOBILE_DEVICE_SECTIONS,
        sort="mobileDeviceId:asc",
        parameters=parameters,
    )


SOURCES: dict[CollectionName, CollectionSource] = {
    CollectionName.COMPUTERS: CollectionSource(
        listings=(
            _computers("v4", ServerVersion(11, 30)),
            _computers("v3", ServerVersion(11, 23)),
            _computers("v1", ANY_VERSION),
        ),
        privileges=("Read Computers",),
    ),
    CollectionName.USERS: CollectionSource(
        listings=(
            Listing("/api/v1/users", since=ServerVersion(11, 26), largest_page=1_000),
            Listing("/JSSResource/users", style=ListingStyle.CLASSIC_USERS),
        ),
        privileges=("Read User",),
    ),
    CollectionName.GROUPS: CollectionSource(
        listings=(Listing("/api/v1/computer-groups", style=ListingStyle.ARRAY),),
        privileges=("Read Smart Computer Groups", "Read Static Computer Groups"),
    ),
    CollectionName.BUILDINGS: CollectionSource(
        listings=(Listing("/api/v1/buildings"),),
        privileges=("Read Buildings",),
    ),
    CollectionName.DEPARTMENTS: CollectionSource(
        listings=(Listing("/api/v1/departments"),),
        privileges=("Read Departments",),
    ),
    CollectionName.MOBILE_DEVICES: CollectionSource(
        listings=(
            # A device that JAMF cannot read comes without the sections concerned; before, it failed its whole page, and
            # is found by splitting that.
            _mobile_devices(ServerVersion(11, 29), ("exception-handling", "LENIENT")),
            _mobile_devices(ANY_VERSION),
        ),
        privileges=("Read Mobile Devices",),
    ),
}
