"""Lists of devices that somebody should look at: each names them by host name and serial number, and says why."""

from datetime import UTC, datetime, timedelta

import pytest

from moss_jamf_pipeline.services.device_lists import (
    DeviceFilter,
    ListedDevice,
    exported,
    list_devices,
)
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    """A fleet with one Mac of each kind that is asked for."""
    bench.person(full_name="Ravi Meyer", username="rmeyer", email_address="ravi@example.org")
    bench.computer("1", hostname="mac-1", username="ada", full_name="Ada Nyberg")
    bench.computer("2", hostname="mac-2")
    bench.computer("3", hostname="mac-3", username="_mbsetupuser")
    bench.computer("4", hostname="mac-4", username="rmeyer", email="mei@example.org")
    bench.computer("5", hostname="mac-5", username="ada")
    bench.linked_device("6", serial_number="SERIAL6", hostname="mac-6", asset_tag="MOSS-6")
    bench.computer("6", hostname="mac-6", asset_tag="JAMF-6", username="ada")
    bench.computer("7", hostname="mac-7", username="ada")
    bench.sync()
    bench.capture_again("computers")
    bench.gone("computers", "5")
    bench.personal_computer("7")
    bench.sync()
    return bench


def _why(found: list[ListedDevice]) -> dict[str | None, str | None]:
    return {device.hostname: device.why for device in found}


def test_macs_without_a_person_say_why(workplace: Workplace, fleet: Bench) -> None:
    found = list_devices(workplace, CHOICE, DeviceFilter(without_person=True))
    assert _why(list(found)) == {
        "mac-2": "JAMF names nobody.",
        "mac-3": "JAMF names _mbsetupuser, an account of the system: that is nobody.",
        "mac-4": "JAMF names rmeyer. Somebody has its user name and another e-mail address: nothing is written until "
        "a person decides.",
    }
    assert [device.serial_number for device in found] == ["SERIAL2", "SERIAL3", "SERIAL4"]


def test_unenrolled_macs_say_since_when_and_why(workplace: Workplace, fleet: Bench) -> None:
    (device,) = list_devices(workplace, CHOICE, DeviceFilter(unenrolled=True))
    assert (device.hostname, device.is_enrolled) == ("mac-5", False)
    assert device.unenrolled_at is not None
    assert device.why == "JAMF no longer has the record: a complete capture did not list it."


def test_macs_in_conflict_say_about_what(workplace: Workplace, fleet: Bench) -> None:
    (device,) = list_devices(workplace, CHOICE, DeviceFilter(in_conflict=True))
    assert (device.hostname, device.kinds) == ("mac-6", ("owned_field_differs",))
    assert device.conflicts == 1


def test_macs_that_changed_come_latest_first_with_what_changed(
    workplace: Workplace, fleet: Bench
) -> None:
    before = datetime.now(UTC)
    everything = DeviceFilter(changed_since=before - timedelta(hours=1))
    (latest, *_) = list_devices(workplace, CHOICE, everything)
    assert (latest.hostname, latest.action) == ("mac-5", "unenroll")
    assert list_devices(workplace, CHOICE, DeviceFilter(changed_since=before)).total == 0
    fleet.capture_again("computers")
    fleet.computer("2", hostname="mac-2-new")
    fleet.sync()
    (changed,) = list_devices(workplace, CHOICE, DeviceFilter(changed_since=before))
    assert (changed.hostname, changed.action, changed.changed_fields) == (
        *("mac-2-new", "update"),
        ("hostname",),
    )


def test_all_come_in_pages_or_whole_but_for_personally_owned_ones(
    workplace: Workplace, fleet: Bench
) -> None:
    pages = [
        list_devices(workplace, CHOICE, page=PageRequest(limit=4, offset=offset))
        for offset in (0, 4, 8)
    ]
    assert [page.total for page in pages] == [6, 6, 6]
    listed = [device for page in pages for device in page]
    assert [device.hostname for device in listed] == [f"mac-{number}" for number in range(1, 7)]
    with exported(workplace, CHOICE) as devices:
        assert list(devices) == listed
    both = DeviceFilter(without_person=True, in_conflict=True)
    assert list_devices(workplace, CHOICE, both).total == 0
