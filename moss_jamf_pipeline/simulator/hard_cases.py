"""One of each hard case of who is who, for a fleet that is shown to people: records with ids from 900001 on.

What M.O.S.S. knew of some of them before is `catalogue/statements/demo/earlier_inventory.sql`: links by these ids that
last saw other hardware, devices and people of these names. Without it they are just Macs that are new.
"""

from collections.abc import Mapping
from typing import Final

from moss_jamf_pipeline.simulator import identity_changes
from moss_jamf_pipeline.simulator.fleet import Fleet

_MACBOOK: Final = "MacBook Pro (14-inch, 2024) M4"


def _mac(
    number: int,
    name: str,
    serial_number: str,
    *,
    hardware: int | None = None,
    general: Mapping[str, object] | None = None,
    user: Mapping[str, str] | None = None,
    mac_addresses: tuple[str, str] | None = None,
) -> dict[str, object]:
    """A Mac as JAMF has it now.

    Args:
        number: of its record; its UDID and management id are made of it.
        name: what it is called.
        serial_number: its serial number.
        hardware: the number of the machine behind it, where that is another one than the record's.
        general: further keys of section GENERAL.
        user: keys of section USER_AND_LOCATION.
        mac_addresses: of the two interfaces.
    """
    machine = number if hardware is None else hardware
    given: dict[str, object] = {"serialNumber": serial_number, "model": _MACBOOK}
    if mac_addresses is not None:
        given |= {"macAddress": mac_addresses[0], "altMacAddress": mac_addresses[1]}
        given |= {"networkAdapterType": None, "altNetworkAdapterType": None}
    return {
        "id": str(900_000 + number),
        "udid": f"DE300000-0000-4000-8000-{machine:012d}",
        "general": {
            "name": name,
            "managementId": f"de300000-0000-4000-9000-{machine:012d}",
            **(general or {}),
        },
        "hardware": given,
        "userAndLocation": dict(user or {}),
    }


def _person(username: str, realname: str, email: str) -> dict[str, str]:
    return {"username": username, "realname": realname, "email": email}


_JANE: Final = _person("demo.jsmith", "Jane Smith", "jane.smith@example.org")
_LAB: Final = _person("demo.lab1", "Lab One", "helpdesk@example.org")
_NGUYEN: Final = _person("demo.bnguyen", "Binh Nguyen", "helpdesk@example.org")
_FUTURE: Final = identity_changes.A_FUTURE.strftime("%Y-%m-%dT%H:%M:%SZ")

COMPUTERS: Final = (
    # Serial number and model became another machine's, under the ids of the old one.
    _mac(1, "DEMO-REPLACED", "C02NEWDEM001"),
    # The id of a Mac that is gone was given to another one.
    _mac(2, "DEMO-ID-REUSED", "C02NEWDEM002", hardware=102),
    # Two Macs whose ids were exchanged when the server was rebuilt.
    _mac(3, "DEMO-RENUMBERED-A", "C02DEMO00003", hardware=4),
    _mac(4, "DEMO-RENUMBERED-B", "C02DEMO00004", hardware=3),
    # Its serial number was corrected in JAMF.
    _mac(5, "DEMO-CORRECTED", "C02DEMO00005"),
    # A person entered it in M.O.S.S. before, in small letters and with another asset tag.
    _mac(6, "DEMO-KNOWN-BEFORE", "C02DEMO00006", general={"assetTag": "AT-900006"}),
    # Two machines that report one serial number, both alive.
    _mac(7, "DEMO-ONE-SERIAL-A", "C02DEMO00007"),
    _mac(8, "DEMO-ONE-SERIAL-B", "C02DEMO00007"),
    # Two virtual machines whose serial numbers differ in case only.
    _mac(9, "DEMO-VM-A", "VM5vodACsc+k"),
    _mac(10, "DEMO-VM-B", "VM5VODacSC+K"),
    # What stands in place of a serial number on boards of some makers.
    _mac(11, "DEMO-PLACEHOLDER", "SYS-1234567890"),
    # Its clock was wrong when it checked in.
    _mac(
        12,
        "DEMO-WRONG-CLOCK",
        "C02DEMO00012",
        general={"lastContact": _FUTURE, "lastCheckIn": _FUTURE},
    ),
    # Its first address is on a dock in M.O.S.S.; its second was made up by software.
    _mac(
        13,
        "DEMO-DOCKED",
        "C02DEMO00013",
        mac_addresses=("00:1B:63:DE:30:13", "B6:00:35:98:AE:00"),
    ),
    # Its user has the name of somebody who left.
    _mac(14, "DEMO-NAME-HANDED-ON", "C02DEMO00014", user=_JANE),
    # Its user is spelled with a domain.
    _mac(15, "DEMO-DOMAIN", "C02DEMO00015", user={"username": "CORP\\demo.asmith"}),
    # Two people with one mailbox.
    _mac(16, "DEMO-MAILBOX-A", "C02DEMO00016", user=_LAB),
    _mac(17, "DEMO-MAILBOX-B", "C02DEMO00017", user=_NGUYEN),
    # It names an account of the system.
    _mac(18, "DEMO-SYSTEM-ACCOUNT", "C02DEMO00018", user={"username": "_mbsetupuser"}),
    # Its device was deleted in M.O.S.S. and entered again by hand.
    _mac(19, "DEMO-ENTERED-AGAIN", "C02DEMO00019"),
)
"""The Macs, each a part of an inventory record."""

USERS: Final = (_JANE, _LAB, _NGUYEN)
"""The user records."""


def plant_hard_cases(fleet: Fleet) -> None:
    """Adds one of each hard case to a fleet, and notes their ids in `fleet.oddities`."""
    for number, user in enumerate(USERS, start=900_001):
        fleet.add_user(id=str(number), **user)
    for document in COMPUTERS:
        fleet.add_computer(document)
    fleet.oddities["hard_case"] = [str(document["id"]) for document in COMPUTERS]
    fleet.oddities["hard_case_user"] = [str(900_001 + number) for number in range(len(USERS))]
