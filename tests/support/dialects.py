"""The dialects of M.O.S.S. as tests see them: where the strategy's words and the released ones differ.

Tests speak to either M.O.S.S. in the strategy's names: in the released one through the views of schema
`as_people_see_it` (`released_moss/as_people_see_it.sql`), which the tests' own connections have first in their
search_path. What names cannot absorb is asked of the dialect: words of a vocabulary, and what the tables can hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CORE_TABLES: Final = (
    *("devices", "people", "ios", "locations", "rooms", "groups", "group_members"),
)
"""The tables of M.O.S.S. that a sync fills; in either dialect they have these names, in schema public."""


@dataclass(frozen=True)
class Dialect:
    """One M.O.S.S., as far as a test has to know.

    Attributes:
        name: how it is called, also in the names of tests.
        laptop: the type of device that a portable Mac is.
        mobile: the type of device that a phone is.
        server: a type of device that the sync never gives.
        other_type: another one.
        workstation: the type of device that any other Mac is.
        smart_group: the type of group that a smart group is.
        hostname_is_unique: whether two devices may not carry one host name.
        groups_hold_devices: whether a group of M.O.S.S. can list devices; else the people assigned to them are its
            members, and the devices are listed in `jamf_sync.group_device_members`.
        custom_field_values: the table of their values.
        name_columns: how the column `name` of a table is really called, where it is not: for triggers and constraints.
    """

    name: str
    laptop: str
    mobile: str
    workstation: str
    server: str
    other_type: str
    smart_group: str
    hostname_is_unique: bool
    groups_hold_devices: bool
    custom_field_values: str
    name_columns: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def synced_tables(self) -> tuple[str, ...]:
        """Every table, with its schema, in which a sync of unchanged data has to leave every row alone."""
        tables = [f"public.{table}" for table in CORE_TABLES]
        tables += ["public.integration_object_mappings", self.custom_field_values]
        if not self.groups_hold_devices:
            tables.append("jamf_sync.group_device_members")
        return tuple(tables)

    def column(self, table: str, name: str) -> str:
        """What a column of a table, called so by the strategy, is called in this M.O.S.S."""
        return self.name_columns.get(table, name) if name == "name" else name


STRATEGY: Final = Dialect(
    name="strategy",
    laptop="Laptop",
    mobile="Mobile Device",
    workstation="Workstation",
    server="Server",
    other_type="Other",
    smart_group="jamf_smart",
    hostname_is_unique=False,
    groups_hold_devices=True,
    custom_field_values="public.custom_field_values",
)
RELEASE: Final = Dialect(
    name="release",
    laptop="computer",
    mobile="mobile",
    workstation="computer",
    server="server",
    other_type="appliance",
    smart_group="jamf_smart_group",
    hostname_is_unique=True,
    groups_hold_devices=False,
    custom_field_values="jamf_sync.custom_field_values",
    name_columns={"locations": "location_name", "rooms": "room_name", "groups": "group_name"},
)
DIALECTS: Final = (STRATEGY, RELEASE)


def as_people_see_it(url: str) -> str:
    """The URL of a M.O.S.S. database for a test's own statements, which are written in the strategy's names."""
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}options=-csearch_path%3Das_people_see_it,public"
