"""Dry run, review, apply and approve on the command line: real processes, one story in one world."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.cli.conftest import CommandLine, query
from tests.support.databases import DatabaseServer

_LIMITS = '{"guard": {"unenroll": {"absolute": 3, "percentage": 5}}}'


@dataclass
class Office:
    """An operator's shell, its M.O.S.S. and its JAMF.

    Attributes:
        shell: runs commands.
        moss: URL of the M.O.S.S. database.
        jamf: the simulated server; change its fleet.
    """

    shell: CommandLine
    moss: str
    jamf: SimulatorServer

    def devices(self) -> list[dict[str, object]]:
        return query(self.moss, "select id, hostname, xmin from devices order by id")

    def unenrolled(self) -> int:
        (row,) = query(
            self.moss,
            "select count(*) as gone from integration_object_mappings where sync_status = 'deleted_external'",
        )
        return int(row["gone"])

    def remove(self, number: int) -> None:
        linked = query(
            self.moss,
            "select external_id from integration_object_mappings"
            " where external_type = 'computer' and sync_status = 'synced'",
        )
        known = sorted({row["external_id"] for row in linked} & self.jamf.fleet.computers.keys())
        for jamf_id in known[:number]:
            self.jamf.fleet.remove_computer(jamf_id)

    def rename(self, prefix: str) -> None:
        for computer in self.jamf.fleet.computers.values():
            computer.name = f"{prefix}-{computer.id}"


@pytest.fixture
def office(
    tmp_path: Path,
    moss_database: str,
    postgres_server: DatabaseServer,
    dagster_template_database: str,
) -> Iterator[Office]:
    """An office after its first sync; the guard lets three unenrolments through."""
    name = postgres_server.create("dagster", template=dagster_template_database)
    with SimulatorServer(SimulatorConfig(computers=40, users=30, groups=6)) as jamf:
        shell = CommandLine(
            tmp_path,
            {
                "MOSS_DATABASE_URL": moss_database,
                "DAGSTER_PG_URL": postgres_server.url_of(name),
                "JAMF_BASE_URL": jamf.base_url,
                "JAMF_CLIENT_ID": jamf.client_id,
                "JAMF_CLIENT_SECRET": jamf.client_secret,
            },
        )
        shell.sync_by_engine()
        query(
            moss_database,
            f"update integration_configs set sync_settings = '{_LIMITS}' returning id",
        )
        yield Office(shell, moss_database, jamf)
    postgres_server.drop(name)


def test_a_plan_is_made_looked_at_and_applied_exactly(office: Office) -> None:
    office.rename("new")
    before = office.devices()
    dry_run = office.shell.json("sync", "--dry-run")
    number = str(dry_run["plan_id"])
    assert (dry_run["status"], dry_run["applied"], dry_run["problems"]) == ("success", False, [])
    assert office.devices() == before

    shown = office.shell.run("plan", "show", number, "--limit", "5").stdout
    assert "jamf_wins" in shown
    assert "--after" in shown
    first = office.shell.json("plan", "show", number, "--type", "device", "--limit", "5")
    rest = office.shell.json(
        *("plan", "show", number, "--type", "device", "--limit", "500"),
        *("--after", str(first["next"])),
    )
    rows = [*first["changes"], *rest["changes"]]
    assert len(rows) == len({row["row_id"] for row in rows})
    assert rest["next"] is None

    # What JAMF says from here on is no part of the plan.
    office.rename("newer")
    applied = office.shell.json("apply", number)
    assert applied["applied"]
    assert applied["plan_id"] == dry_run["plan_id"]
    hostnames = {str(row["hostname"]) for row in office.devices()}
    assert any(name.startswith("new-") for name in hostnames)
    assert not any(name.startswith("newer-") for name in hostnames)

    again = office.shell.run("apply", number)
    assert again.returncode == 1
    assert f"Plan {number} was applied already" in again.stderr
    assert "moss-jamf sync --dry-run" in again.stderr


def test_a_plan_is_shown_by_rule_by_field_and_as_csv(office: Office) -> None:
    query(
        office.moss,
        "update devices set asset_tag = 'by hand' where asset_tag is not null returning id",
    )
    office.rename("new")
    number = str(office.shell.json("sync", "--dry-run")["plan_id"])

    rules = office.shell.json("plan", "show", number, "--by", "rule")["rules"]
    by_rule = {(row["rule"], row["effect"]): row["changes"] for row in rules}
    assert by_rule[("jamf_wins", "write")] > 10
    assert by_rule[("owned_field_differs", "suppressed")] > 0
    fields = office.shell.json("plan", "show", number, "--by", "field")["fields"]
    (hostname,) = [row for row in fields if row["field"] == "hostname"]
    assert hostname["examples"][0]["after"].startswith("new-")
    for view in ("rule", "field"):
        assert "hostname" in office.shell.run("plan", "show", number, "--by", view).stdout
    assert "Not written:" in office.shell.run("plan", "show", number).stdout

    text = office.shell.run("plan", "show", number, "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(row["field"] == "hostname" for row in rows) == hostname["changes"]
    assert sum(row["outcome"] == "suppressed" for row in rows) > 0
    assert max(len(line) for line in text.splitlines()) < 1_000


def test_what_is_held_is_shown_asked_for_and_released(office: Office) -> None:
    office.remove(12)

    sync = office.shell.run("sync")

    assert sync.returncode == 3
    assert office.unenrolled() == 0
    assert "12 of" in sync.stdout
    assert "more than the 3 that the guard lets through" in sync.stdout
    assert "`moss-jamf approve" in sync.stdout
    plans = office.shell.json("plan", "list")["plans"]
    assert plans[0]["held"]
    number = str(plans[0]["plan_id"])
    held = office.shell.json("plan", "show", number, "--held", "unenroll", "--limit", "500")
    assert len(held["changes"]) == 12

    assert office.shell.run("status").stdout.count(f"`moss-jamf approve {number}") == 1

    refused = office.shell.run("approve", stdin="n\n")
    assert refused.returncode == 1
    assert "marked as gone from JAMF" in refused.stdout
    assert office.unenrolled() == 0
    assert office.shell.run("approve", "--json").returncode == 2
    assert office.shell.run("approve", number, "--kind", "rename").returncode == 1

    approved = office.shell.run("approve", stdin="y\n")

    assert approved.returncode == 0, approved.stderr
    assert office.unenrolled() == 12
    assert query(office.moss, "select kind, released from jamf_sync.plan_approvals") == [
        {"kind": "unenroll", "released": 12}
    ]
    assert "nothing to approve" in office.shell.run("approve").stderr
    assert office.shell.run("sync").returncode == 0


def test_a_dry_run_says_what_would_be_held_and_can_be_approved_as_a_whole(office: Office) -> None:
    office.remove(12)
    office.rename("new")

    dry_run = office.shell.json("sync", "--dry-run", code=3)

    assert [(held["kind"], held["planned"], held["allowed"]) for held in dry_run["held"]] == [
        ("unenroll", 12, 3)
    ]
    assert "Would wait for an approval" in office.shell.run("sync", "--dry-run").stdout
    number = office.shell.json("plan", "list")["plans"][0]["plan_id"]
    assert office.shell.run("approve", str(dry_run["plan_id"]), "--yes").returncode == 1

    approved = office.shell.json(
        "approve", str(number), "--yes", "--triggered-by", "ada@example.org"
    )

    assert approved["held"] == []
    assert office.unenrolled() == 12
    assert any(str(row["hostname"]).startswith("new-") for row in office.devices())
    assert query(office.moss, "select approved_by from jamf_sync.plan_approvals") == [
        {"approved_by": "ada@example.org"}
    ]
    shown = office.shell.run("plan", "show", str(number)).stdout
    assert "ada@example.org approved 12 changes of the kind unenroll." in shown


def test_a_stored_slot_is_replayed_without_jamf_and_never_applied(office: Office) -> None:
    (row,) = query(office.moss, "select max(slot) as slot from jamf_sync.slot_captures")
    slot = slot_key_at(row["slot"])
    query(office.moss, "update devices set hostname = 'edited ' || id returning id")
    before = office.devices()

    replayed = office.shell.json("replay", slot)
    by_sync = office.shell.json("sync", "--dry-run", "--slot", slot)

    assert office.devices() == before
    for document in (replayed, by_sync):
        shown = office.shell.json("plan", "show", str(document["plan_id"]))
        assert shown["plan"]["status"] == "what_if"
        assert {count["object_type"]: count for count in shown["counts"]}["device"]["updated"] > 10
    refused = office.shell.run("apply", str(replayed["plan_id"]))
    assert refused.returncode == 1
    assert "is a what-if" in refused.stderr
    unknown = office.shell.run("replay", slot_key_at(row["slot"] - timedelta(hours=6)))
    assert unknown.returncode == 1
    assert "Nothing is stored of the slot" in unknown.stderr
