"""What a fleet is made of: Mac models, macOS releases, names, places, groups, extension attributes.

Constants only. How they are combined into a fleet is `generation`'s business.
"""

import random
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal


def seeded_random(*seeds: object) -> random.Random:
    """A random generator that yields the same values for the same seeds, on every machine.

    Args:
        seeds: anything with a stable `str()`; together they name the sequence.

    Returns:
        The generator. It is for test data and never for anything secret.
    """
    return random.Random("/".join(map(str, seeds)))  # noqa: S311 - test data, not a secret


@dataclass(frozen=True, slots=True)
class MacModel:
    """One Apple model as JAMF names it.

    Attributes:
        name: the marketing name in `hardware.model`.
        identifier: the machine identifier in `hardware.modelIdentifier`.
        family: the product line (`MacBook Pro`, `Mac mini`, ...).
        processor: the chip's name.
        cores: number of CPU cores JAMF reports.
        memory_megabytes: the memory sizes it is sold with.
        apple_silicon: false for Intel Macs.
        weight: how common it is in a fleet, relative to the others.
    """

    name: str
    identifier: str
    family: str
    processor: str
    cores: int
    memory_megabytes: tuple[int, ...]
    apple_silicon: bool = True
    weight: int = 1

    @property
    def is_laptop(self) -> bool:
        """Whether it has a battery."""
        return self.family.startswith("MacBook")


MODELS: tuple[MacModel, ...] = (
    MacModel(
        "MacBook Air (13-inch, M2, 2022)",
        "Mac14,2",
        "MacBook Air",
        "Apple M2",
        8,
        (8192, 16384),
        weight=14,
    ),
    MacModel(
        "MacBook Air (13-inch, M3, 2024)",
        "Mac15,12",
        "MacBook Air",
        "Apple M3",
        8,
        (16384, 24576),
        weight=16,
    ),
    MacModel(
        "MacBook Air (15-inch, M3, 2024)",
        "Mac15,13",
        "MacBook Air",
        "Apple M3",
        8,
        (16384, 24576),
        weight=7,
    ),
    MacModel(
        "MacBook Air (13-inch, 2025) M4",
        "Mac16,12",
        "MacBook Air",
        "Apple M4",
        10,
        (16384, 24576),
        weight=10,
    ),
    MacModel(
        "MacBook Pro (14-inch, 2021)",
        "MacBookPro18,3",
        "MacBook Pro",
        "Apple M1 Pro",
        10,
        (16384, 32768),
        weight=9,
    ),
    MacModel(
        "MacBook Pro (14-inch, Nov 2023)",
        "Mac15,6",
        "MacBook Pro",
        "Apple M3 Pro",
        12,
        (18432, 36864),
        weight=8,
    ),
    MacModel(
        "MacBook Pro (14-inch, 2024) M4",
        "Mac16,1",
        "MacBook Pro",
        "Apple M4",
        10,
        (16384, 24576),
        weight=10,
    ),
    MacModel(
        "MacBook Pro (16-inch, 2024) M4 Pro",
        "Mac16,7",
        "MacBook Pro",
        "Apple M4 Pro",
        14,
        (24576, 49152),
        weight=6,
    ),
    MacModel(
        "MacBook Pro (16-inch, 2019)",
        "MacBookPro16,1",
        "MacBook Pro",
        "6-Core Intel Core i7",
        6,
        (16384, 32768),
        apple_silicon=False,
        weight=2,
    ),
    MacModel(
        "iMac (24-inch, M1, 2021)", "iMac21,1", "iMac", "Apple M1", 8, (8192, 16384), weight=4
    ),
    MacModel(
        "iMac (24-inch, 2024) M4", "Mac16,3", "iMac", "Apple M4", 10, (16384, 24576), weight=4
    ),
    MacModel(
        "iMac (Retina 5K, 27-inch, 2020)",
        "iMac20,1",
        "iMac",
        "8-Core Intel Core i7",
        8,
        (16384, 32768),
        apple_silicon=False,
        weight=1,
    ),
    MacModel("Mac mini (M2, 2023)", "Mac14,3", "Mac mini", "Apple M2", 8, (8192, 16384), weight=3),
    MacModel(
        "Mac mini (2024) M4", "Mac16,10", "Mac mini", "Apple M4", 10, (16384, 24576), weight=4
    ),
    MacModel(
        "Mac Studio (2025) M4 Max", "Mac16,9", "Mac Studio", "Apple M4 Max", 16, (65536,), weight=1
    ),
    MacModel("Mac Pro (2023)", "Mac14,8", "Mac Pro", "Apple M2 Ultra", 24, (131072,), weight=1),
)
"""The models of a generated fleet, laptops first."""

MODELS_BY_NAME = {model.name: model for model in MODELS}


@dataclass(frozen=True, slots=True)
class OperatingSystemRelease:
    """One macOS release: its version, its build and how common it is."""

    version: str
    build: str
    weight: int


OPERATING_SYSTEM_RELEASES: tuple[OperatingSystemRelease, ...] = (
    OperatingSystemRelease("13.7.6", "22H625", 2),
    OperatingSystemRelease("13.7.7", "22H722", 2),
    OperatingSystemRelease("14.7.6", "23H626", 5),
    OperatingSystemRelease("14.7.7", "23H723", 7),
    OperatingSystemRelease("15.4.1", "24E263", 4),
    OperatingSystemRelease("15.5", "24F74", 8),
    OperatingSystemRelease("15.6", "24G84", 12),
    OperatingSystemRelease("15.6.1", "24G90", 26),
    OperatingSystemRelease("26.0.1", "25A362", 14),
    OperatingSystemRelease("26.1", "25B78", 20),
)
"""Oldest first; the last one is what an up-to-date Mac runs."""

FIRST_NAMES: tuple[str, ...] = (
    "Amara", "Andreas", "Anna", "Aoife", "Beatriz", "Carlos", "Chloé", "Daniel", "David", "Elena",
    "Emeka", "Emma", "Fatima", "Felix", "Freya", "Giulia", "Grace", "Hannah", "Haruto", "Henrik",
    "Ingrid", "Isabel", "Jakub", "James", "Jin", "Jonas", "José", "Julia", "Kwame", "Lars",
    "Laura", "Leila", "Liam", "Lucía", "Łukasz", "Maria", "Mateo", "Mei", "Mohammed", "Nadia",
    "Niamh", "Noah", "Olga", "Oliver", "Paul", "Priya", "Rachel", "Ravi", "Renée", "Robert",
    "Sanne", "Sarah", "Sofia", "Søren", "Tariq", "Thomas", "Tomás", "Wei", "Yuki", "Zoë",
)  # fmt: skip
LAST_NAMES: tuple[str, ...] = (
    "Adeyemi", "Andersen", "Bauer", "Becker", "Bianchi", "Brown", "Carter", "Chen", "Cohen", "Costa",
    "Dubois", "Eriksson", "Fernández", "Fischer", "Garcia", "Gupta", "Hansen", "Haugen", "Ivanova",
    "Jansen", "Johansson", "Jones", "Kaya", "Keller", "Kim", "Kowalski", "Kumar", "Larsen", "Lee",
    "Lefèvre", "López", "Martin", "Mensah", "Meyer", "Moreau", "Müller", "Murphy", "Nakamura",
    "Nguyen", "Novák", "O'Brien", "Okafor", "Olsen", "Park", "Patel", "Petrov", "Raman", "Rossi",
    "Santos", "Schmidt", "Silva", "Singh", "Smith", "Suzuki", "Tanaka", "Taylor", "van Dijk",
    "Virtanen", "Wagner", "Weber", "Williams", "Yılmaz", "Young", "Zhang",
)  # fmt: skip
POSITIONS: tuple[str, ...] = (
    "Account Manager", "Accountant", "Data Engineer", "Designer", "Director", "HR Partner",
    "Legal Counsel", "Office Manager", "Product Manager", "Program Manager", "QA Engineer",
    "Recruiter", "Sales Engineer", "Site Reliability Engineer", "Software Engineer",
    "Support Specialist", "Systems Administrator", "Technical Writer",
)  # fmt: skip
DEPARTMENTS: tuple[str, ...] = (
    "Engineering", "Sales", "Marketing", "Finance", "People", "Legal", "IT", "Support", "Design",
    "Operations", "Research & Development", "Facilities", "Security", "Data", "Product",
    "Procurement",
)  # fmt: skip
BUILDINGS: tuple[tuple[str, str, str], ...] = (
    ("Headquarters", "San Francisco", "United States"), ("Mission Annex", "San Francisco", "United States"),
    ("Hudson House", "New York", "United States"), ("Lakeside", "Chicago", "United States"),
    ("Capitol View", "Austin", "United States"), ("Harbour Court", "Vancouver", "Canada"),
    ("Docklands", "Dublin", "Ireland"), ("Old Street Works", "London", "United Kingdom"),
    ("Spreeufer", "Berlin", "Germany"), ("Isartor", "München", "Germany"),
    ("Quai Sud", "Lyon", "France"), ("Herengracht", "Amsterdam", "Netherlands"),
    ("Søndre Havn", "København", "Denmark"), ("Slussen", "Stockholm", "Sweden"),
    ("Praça Norte", "Lisboa", "Portugal"), ("Torre Azul", "Madrid", "Spain"),
    ("Nowy Dwór", "Kraków", "Poland"), ("Brigade Park", "Bengaluru", "India"),
    ("Marina View", "Singapore", "Singapore"), ("Shibuya Terrace", "Tokyo", "Japan"),
    ("Barangaroo", "Sydney", "Australia"), ("Paulista", "São Paulo", "Brazil"),
    ("Kilimani", "Nairobi", "Kenya"), ("Remote", "", ""),
)  # fmt: skip
"""Name, city, country of each building."""

SITES: tuple[str, ...] = ("Americas", "EMEA", "APAC")
STATIC_GROUP_THEMES: tuple[str, ...] = (
    "Loaner pool", "Kiosk Macs", "Data team Macs", "Pilot ring", "Executives", "Legal hold",
    "Lab Macs", "Meeting rooms", "Build farm", "Training room", "Conference kit", "Interns",
)  # fmt: skip
NO_SITE_ID = "-1"


@dataclass(frozen=True, slots=True)
class ExtensionAttributeDefinition:
    """One extension attribute an administrator has defined for computers.

    Attributes:
        definition_id: its id.
        name: its name.
        section: the inventory section it is displayed in, as in the `section` parameter.
        data_type: as inventory answers name it.
        input_type: as inventory answers name it.
        options: the choices of a pop-up menu.
        description: may be absent.
        is_multi_valued: whether it may have several values; only those of the directory may.
        is_enabled: whether its script still runs; what it said before is kept.
    """

    definition_id: str
    name: str
    section: str
    data_type: Literal["STRING", "INTEGER", "DATE_TIME"]
    input_type: Literal["TEXT", "POPUP", "SCRIPT", "LDAP"]
    options: tuple[str, ...] = ()
    description: str | None = None
    is_multi_valued: bool = False
    is_enabled: bool = True


EXTENSION_ATTRIBUTES: tuple[ExtensionAttributeDefinition, ...] = (
    ExtensionAttributeDefinition(
        "4", "Lifecycle State", "GENERAL", "STRING", "POPUP", ("In use", "Spare", "Retired")
    ),
    ExtensionAttributeDefinition("6", "Battery Cycle Count", "HARDWARE", "INTEGER", "SCRIPT"),
    ExtensionAttributeDefinition(
        "7", "Last Restart", "OPERATING_SYSTEM", "DATE_TIME", "SCRIPT", description="From sysctl"
    ),
    ExtensionAttributeDefinition("8", "Cost Centre", "USER_AND_LOCATION", "STRING", "LDAP"),
    ExtensionAttributeDefinition("9", "Insurance Number", "PURCHASING", "STRING", "TEXT"),
    ExtensionAttributeDefinition(
        "11",
        "Loan Return Date",
        "EXTENSION_ATTRIBUTES",
        "DATE_TIME",
        "TEXT",
        description="Set by the service desk",
    ),
    ExtensionAttributeDefinition("12", "Uptime Days", "EXTENSION_ATTRIBUTES", "INTEGER", "SCRIPT"),
    ExtensionAttributeDefinition(
        "13", "Projects", "EXTENSION_ATTRIBUTES", "STRING", "LDAP", is_multi_valued=True
    ),
    ExtensionAttributeDefinition(
        "14", "Legacy Agent", "EXTENSION_ATTRIBUTES", "STRING", "SCRIPT", is_enabled=False
    ),
    ExtensionAttributeDefinition(
        "15", "Last Backup", "EXTENSION_ATTRIBUTES", "DATE_TIME", "SCRIPT"
    ),
    ExtensionAttributeDefinition(
        "16", "jamf-patch-Google Chrome", "EXTENSION_ATTRIBUTES", "STRING", "SCRIPT"
    ),
    ExtensionAttributeDefinition(
        "17", "patch-EA-Firefox", "EXTENSION_ATTRIBUTES", "STRING", "SCRIPT"
    ),
)
"""One in each of the six places an extension attribute can be displayed (JAMF: inventoryDisplayType), and odd ones: one
changes at each inventory (12), one has several values (13), one is disabled (14), one says what is no date (15), two
belong to patch management (16, 17)."""

PROJECTS: Final = ("Zephyr", "Atlas", "Émile", "Borealis")
"""What the directory says of people's projects, in no order."""

FURTHER_ATTRIBUTE_BYTES: Final = 390
"""About what one further attribute adds to a record."""

_FIRST_FURTHER_ID: Final = 1_000
_FURTHER_DESCRIPTION: Final = (
    "Collected by a script at every inventory update; see the operations handbook for what its values mean, and "
    "ask the client platform team before a policy is made to depend on it."
)


@cache
def further_extension_attributes(
    section: str, count: int
) -> tuple[ExtensionAttributeDefinition, ...]:
    """Attributes such as administrators define by the dozen, for records as heavy as real ones are.

    Args:
        section: where they are displayed, as in the `section` parameter.
        count: how many.
    """
    return tuple(
        ExtensionAttributeDefinition(
            definition_id=str(_FIRST_FURTHER_ID + number),
            name=f"{section.replace('_', ' ').title()} Check {number + 1}",
            section=section,
            data_type="STRING",
            input_type="SCRIPT",
            description=_FURTHER_DESCRIPTION,
        )
        for number in range(count)
    )


APPLICATIONS: tuple[tuple[str, str, str, int], ...] = (
    ("Safari", "com.apple.Safari", "18.6", 14), ("Firefox", "org.mozilla.firefox", "141.0", 402),
    ("Google Chrome", "com.google.Chrome", "139.0.7258.67", 1240),
    ("Slack", "com.tinyspeck.slackmacgap", "4.45.64", 320), ("zoom.us", "us.zoom.xos", "6.5.9 (61929)", 290),
    ("Self Service", "com.jamfsoftware.selfservice.mac", "11.30.1", 22),
    ("Visual Studio Code", "com.microsoft.VSCode", "1.103.0", 610), ("Vendor Tool", "com.example.vendortool", "2.1", 0),
)  # fmt: skip
"""Name, bundle id, version, megabytes."""
