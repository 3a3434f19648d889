"""`moss-jamf device`, `person`, `group` and `devices` as a person uses them."""

import csv
import io

import psycopg
import pytest

from tests.cli.conftest import CommandLine, query


@pytest.fixture
def synced(moss_command_line: CommandLine) -> CommandLine:
    """A synced fleet."""
    moss_command_line.sync_by_engine()
    return moss_command_line


def _device(command_line: CommandLine) -> dict[str, str]:
    """A device that has a person."""
    (row,) = query(
        command_line.environment["MOSS_DATABASE_URL"],
        """select device.id::text, device.hostname, device.serial_number, person.email_address as email
           from devices as device join people as person on person.id = device.assigned_to_person_id
           where person.email_address is not null order by device.hostname limit 1""",
    )
    return row


# A sync takes seconds, so one world serves for all of it.
def test_the_story_of_a_mac_and_of_its_person_and_lists_of_macs(synced: CommandLine) -> None:
    device = _device(synced)
    told = synced.run("device", device["serial_number"])
    assert told.returncode == 0
    first, second, *_ = told.stdout.splitlines()
    assert first == f"Device {device['hostname']} · {device['serial_number']}"
    assert second.startswith("It is linked to computer ")
    assert "Created in M.O.S.S. and linked to computer" in told.stdout
    story = synced.json("device", device["hostname"].upper())["device"]
    assert story["object_id"] == device["id"]
    fields = {field["field"]: field for field in story["fields"]}
    assert fields["hostname"]["owner"] == "JAMF"
    assert fields["asset_tag"]["owner"] == "M.O.S.S."
    person = synced.json("person", device["email"])["person"]
    assert device["serial_number"] in [one["key"] for one in person["related"]]

    unknown = synced.run("device", "no-such-mac")
    assert unknown.returncode == 1
    assert "There is no device 'no-such-mac'. It was looked for among the host names" in (
        unknown.stderr
    )
    wrong = synced.run("device", device["serial_number"], "--as-of", "2026-11-22-05:00")
    assert wrong.returncode == 2
    assert "2026-11-22-06:00" in wrong.stderr

    listed = synced.json("devices", "--changed-since", "1h", "--limit", "2")
    assert (len(listed["devices"]), listed["total"] > 2) == (2, True)
    _names_do_nothing(synced, device, listed["total"])


def _names_do_nothing(command_line: CommandLine, device: dict[str, str], macs: int) -> None:
    """Gives a Mac a name that would act where it is shown, and looks at what is shown."""
    hostile = '=HYPERLINK("x") [bold red]x[/] \x1b[2J\x07 Mac\u202egnp.exe'
    with psycopg.connect(command_line.environment["MOSS_DATABASE_URL"]) as connection:
        connection.execute(
            "update devices set hostname = %s where id::text = %s", (hostile, device["id"])
        )
    told = command_line.run("device", device["serial_number"]).stdout
    listed = command_line.run("devices", "--csv").stdout
    assert not {"\x1b", "\x07", "\u202e"} & {*told, *listed}
    assert '=HYPERLINK("x") [bold red]x[/] ' in told
    rows = {row["serial_number"]: row for row in csv.DictReader(io.StringIO(listed))}
    assert len(rows) == macs
    assert rows[device["serial_number"]]["hostname"].startswith("'=")
