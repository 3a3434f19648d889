"""Short ways to fill JAMF, to read M.O.S.S. and to compare before and after, for end-to-end tests."""

import time
from collections.abc import Mapping
from typing import Any

import dagster as dg
import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.engine.checks import Finding
from moss_jamf_pipeline.engine.sync import Outcome
from moss_jamf_pipeline.simulator import Computer
from tests.support.dialects import CORE_TABLES
from tests.support.world import PREFIX, Row, World

_SECONDS_TO_DISCONNECT = 10.0


def furnish(world: World) -> None:
    """Gives JAMF a user and a group: a listing without any is also what an account sees that may not read it."""
    world.fleet.add_user(id="999999", username="someone", email="someone@example.org")
    world.fleet.add_group("Everyone", group_id="999999")


def add_mac(
    world: World,
    jamf_id: str,
    serial_number: str | None,
    *,
    user: Mapping[str, str] | None = None,
    place: Mapping[str, str] | None = None,
    hardware: Mapping[str, str | None] | None = None,
    udid: str | None = None,
    **general: object,
) -> Computer:
    """Adds a MacBook called MAC-<id> to JAMF.

    Args:
        world: where.
        jamf_id: its JAMF id.
        serial_number: its serial number.
        user: keys of `userAndLocation` that name its user.
        place: keys of `userAndLocation` that say where it is.
        hardware: further keys of `hardware`.
        udid: its hardware id, if not a random one.
        general: keys of `general`.
    """
    document: dict[str, object] = {
        "id": jamf_id,
        "general": {"name": f"MAC-{jamf_id}", **general},
        "hardware": {"serialNumber": serial_number, "model": "MacBook Pro", **(hardware or {})},
        "userAndLocation": {**(user or {}), **(place or {})},
    }
    if udid is not None:
        document["udid"] = udid
    return world.fleet.add_computer(document)


def insert_device(world: World, serial_number: str, **values: object) -> str:
    """Enters a device in M.O.S.S. by hand and returns its id."""
    columns = {"serial_number": serial_number, "device_type": world.dialect.laptop, **values}
    return insert(world, "devices", **columns)


def insert(world: World, table: str, **values: object) -> str:
    """Enters a row in M.O.S.S. by hand and returns its id."""
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    (row,) = world.query(
        f"insert into {table} ({names}) values ({marks}) returning id", list(values.values())
    )
    return str(row["id"])


def devices(world: World) -> dict[str, Row]:
    """All devices by serial number, with location, room, person and enrolment status in words."""
    rows = world.query(
        """select d.*, l.name as location, r.name as room, p.username as person, p.email_address as person_email,
                  (select value from custom_field_values v where v.object_type = 'device' and v.object_id = d.id
                   and v.field_name = 'jamf_enrollment_status') as enrollment
           from devices d left join locations l on l.id = d.location_id left join rooms r on r.id = d.room_id
           left join people p on p.id = d.assigned_to_person_id order by d.serial_number, d.created_at"""
    )
    return {row["serial_number"]: row for row in rows}


def device(world: World, serial_number: str) -> Row:
    """The one device with this serial number."""
    (row,) = [row for serial, row in devices(world).items() if serial == serial_number]
    return row


def mapping(world: World, external_type: str, external_id: str) -> Row | None:
    """The link of a JAMF record."""
    rows = world.query(
        "select * from integration_object_mappings where external_type = %s and external_id = %s",
        [external_type, external_id],
    )
    return rows[0] if rows else None


def mappings(world: World, external_type: str) -> dict[str, tuple[str, str]]:
    """All links of a type: JAMF id to the M.O.S.S. id and the status."""
    return {
        row["external_id"]: (str(row["internal_id"]), row["sync_status"])
        for row in world.query(
            "select external_id, internal_id, sync_status from integration_object_mappings where external_type = %s",
            [external_type],
        )
    }


def open_conflicts(world: World) -> list[tuple[str, str | None]]:
    """The kind and field of every open conflict, sorted."""
    return [
        (row["kind"], row["field"])
        for row in world.query(
            "select kind, field from jamf_sync.conflicts where status = 'open' order by kind, field"
        )
    ]


def set_policies(world: World, **policies: object) -> None:
    """Sets `integration_configs.sync_settings`, as M.O.S.S.'s own form does."""
    world.execute("update integration_configs set sync_settings = %s", [Jsonb(policies)])


def actions(world: World, object_type: str) -> dict[str, set[str]]:
    """What the newest plan does to objects of a type: action to the JAMF ids of its rows."""
    found: dict[str, set[str]] = {}
    for row in world.query(
        """select action, external_id, coalesce(outcome, 'waiting') as outcome from jamf_sync.change_plan
           where plan_id = (select max(plan_id) from jamf_sync.plans) and object_type = %s and action <> 'agree'""",
        [object_type],
    ):
        found.setdefault(row["action"], set()).add(row["external_id"])
    return found


def stored_rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row version of every table of M.O.S.S. that a sync of unchanged data has to leave alone."""
    stored = {}
    for table in world.dialect.synced_tables:
        rows = world.query(f"select ctid::text, xmin::text from {table} order by 1")
        stored[table.removeprefix("public.")] = [tuple(row.values()) for row in rows]
    return stored


def assert_counts_add_up(world: World) -> None:
    """Asserts that the newest plan sorted every object it saw into exactly one category."""
    wrong = [count for count in world.counts().values() if not count.adds_up]
    assert not wrong


def assert_calm(world: World) -> None:
    """Asserts that one more sync writes nothing to M.O.S.S. and succeeds."""
    before = stored_rows(world)
    world.sync()
    assert stored_rows(world) == before
    assert_counts_add_up(world)


def tuples_written(world: World) -> dict[str, tuple[int, int, int]]:
    """`pg_stat_user_tables`: tuples inserted, updated and deleted so far, by core table.

    A PostgreSQL session reports its counts when it ends, so every other session on the database is ended first.
    """
    others = """from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                and backend_type = 'client backend'"""
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute(f"select pg_terminate_backend(pid) {others}".encode())
        deadline = time.monotonic() + _SECONDS_TO_DISCONNECT
        while connection.execute(f"select {others}".encode()).fetchone() is not None:
            if time.monotonic() > deadline:
                raise TimeoutError("the other sessions of the test's database did not end")
        rows = connection.execute(
            "select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables"
            " where schemaname = 'public' and relname = any (%s)",
            [list(CORE_TABLES)],
        ).fetchall()
    return {name: (inserted, updated, deleted) for name, inserted, updated, deleted in rows}


def check(result: dg.ExecuteInProcessResult, asset: str, name: str) -> dg.AssetCheckEvaluation:
    """What a check said of an asset in a run."""
    (evaluation,) = [
        evaluation
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.asset_key == dg.AssetKey([PREFIX, asset]) and evaluation.check_name == name
    ]
    return evaluation


def finding(outcome: Outcome, step: str, check: str) -> Finding:
    """What a step of a sync found true or not."""
    (found,) = [each for each in outcome.findings if (each.step, each.check) == (step, check)]
    return found


def last_message(world: World) -> str:
    """The message of the newest history row; empty if it has none."""
    return world.history()[-1]["error_message"] or ""
