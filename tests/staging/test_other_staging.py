"""The rules of users, groups, buildings and departments, and what all collections share."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from moss_jamf_pipeline.staging import (
    GROUP_NAME_ROOM,
    QUARANTINE_COLUMNS,
    SNAPSHOT_COLUMNS,
    STAGING_RULES,
    RawVersion,
    Reason,
    stage,
)

StageOne = Callable[[str, dict[str, Any]], Any]

KEYS = {"version_id": 1, "jamf_id": "412"}


def test_a_user_becomes_a_row(stage_one: StageOne) -> None:
    user = {
        "id": "5",
        "username": " JDoe ",
        "realname": "Jane  Doe",
        "email": "Jane@Example.org",
        "phone": "",
        "position": "n/a",
    }
    staged = stage_one("users", user)

    assert staged.row == {
        **KEYS,
        "username": "JDoe",
        "full_name": "Jane  Doe",
        "email": "Jane@Example.org",
        "phone": None,
        "job_title": None,
        "is_usable": True,
    }
    assert staged.notes == []


@pytest.mark.parametrize(
    ("username", "email", "is_usable", "notes"),
    [
        ("jdoe", None, True, []),
        (None, "j@example.org", True, []),
        ("jane@example.org", None, True, []),
        (None, None, False, [("username", "no_username_or_email")]),
        ("N/A", "none", False, [("username", "no_username_or_email")]),
        (
            "",
            "jane",
            False,
            [("email", "malformed_email"), ("username", "no_username_or_email")],
        ),
        ("u" * 101, "j@example.org", True, [("username", "too_long")]),
        (
            "u" * 101,
            None,
            False,
            [("username", "too_long"), ("username", "no_username_or_email")],
        ),
    ],
)
def test_a_user_needs_a_username_or_an_email_address(
    stage_one: StageOne,
    username: str | None,
    email: str | None,
    is_usable: bool,
    notes: list[tuple[str, str]],
) -> None:
    staged = stage_one("users", {"id": "5", "username": username, "email": email})

    assert staged.row["is_usable"] is is_usable
    assert staged.notes == notes


def test_no_email_address_is_made_of_a_username(stage_one: StageOne) -> None:
    staged = stage_one("users", {"id": "5", "username": "jane@example.org", "email": None})

    assert staged.row["username"] == "jane@example.org"
    assert staged.row["email"] is None


@pytest.mark.parametrize(
    ("group", "row", "notes"),
    [
        (
            {"name": " Data team Macs ", "description": "", "smartGroup": False},
            {"name": "Data team Macs", "description": None, "is_smart": False, "is_usable": True},
            [],
        ),
        (
            {"name": "Unknown", "description": "Line 1\nline 2", "smartGroup": True},
            {
                "name": "Unknown",
                "description": "Line 1 line 2",
                "is_smart": True,
                "is_usable": True,
            },
            [],
        ),
        (
            {"name": None, "description": None, "smartGroup": False},
            {"name": None, "description": None, "is_smart": False, "is_usable": False},
            [("name", "name_missing")],
        ),
        (
            {"name": ["x"], "smartGroup": False},
            {"name": None, "description": None, "is_smart": False, "is_usable": False},
            [("name", "wrong_type")],
        ),
        (
            {"name": "Macs"},
            {"name": "Macs", "description": None, "is_smart": None, "is_usable": False},
            [("is_smart", "group_kind_unknown")],
        ),
        (
            {"name": "Macs", "smartGroup": "no"},
            {"name": "Macs", "description": None, "is_smart": None, "is_usable": False},
            [("is_smart", "wrong_type")],
        ),
    ],
)
def test_groups(
    stage_one: StageOne, group: dict[str, Any], row: dict[str, Any], notes: list[tuple[str, str]]
) -> None:
    staged = stage_one("groups", group)

    assert staged.row == {**KEYS, **row}
    assert staged.notes == notes


def test_a_long_group_name_is_kept_whole_for_the_plan_to_cut(stage_one: StageOne) -> None:
    fitting = stage_one("groups", {"name": "g" * GROUP_NAME_ROOM, "smartGroup": True})
    long = stage_one("groups", {"name": "g" * (GROUP_NAME_ROOM + 1), "smartGroup": True})

    assert GROUP_NAME_ROOM == 248
    assert fitting.notes == []
    assert long.row["name"] == "g" * 249
    assert long.row["is_usable"] is True
    assert long.notes == [("name", "cut_to_fit")]


@pytest.mark.parametrize("collection", ["buildings", "departments"])
@pytest.mark.parametrize(
    ("name", "expected", "notes"),
    [
        (" Zürich\u00a0West ", "Zürich\u00a0West", []),
        ("NA", "NA", []),
        (7, "7", []),
        (None, None, [("name", "name_missing")]),
        ("N/A", None, [("name", "name_missing")]),
        ("none", None, [("name", "name_missing")]),
        ("b" * 256, None, [("name", "too_long")]),
        ({}, None, [("name", "wrong_type")]),
    ],
)
def test_buildings_and_departments(
    stage_one: StageOne,
    collection: str,
    name: object,
    expected: str | None,
    notes: list[tuple[str, str]],
) -> None:
    staged = stage_one(collection, {"id": "2", "name": name, "city": "ignored"})

    assert staged.row == {**KEYS, "name": expected, "is_usable": expected is not None}
    assert staged.notes == notes


@pytest.mark.parametrize("collection", sorted(SNAPSHOT_COLUMNS))
def test_the_frames_have_the_same_types_whether_empty_full_or_poor(collection: str) -> None:
    dtypes = {
        "bigint": "int64",
        "text": "str",
        "boolean": "boolean",
        "timestamptz": "datetime64[us, UTC]",
        "text[]": "object",
        "jsonb": "str",
    }
    declared = {column.name: dtypes[column.type] for column in SNAPSHOT_COLUMNS[collection]}
    full = {"id": "1", "name": "x", "smartGroup": True, "hardware": {"serialNumber": "C02"}}
    calls: list[list[RawVersion]] = [[], [RawVersion(1, "1", {})], [RawVersion(1, "1", full)]]
    for versions in calls:
        staged = stage(collection, versions)
        assert {name: str(dtype) for name, dtype in staged.rows.dtypes.items()} == declared
        assert list(staged.rows.columns) == list(declared)
        assert tuple(staged.quarantine.columns) == QUARANTINE_COLUMNS
        assert [str(dtype) for dtype in staged.quarantine.dtypes] == ["int64", *["str"] * 4]


@pytest.mark.parametrize("collection", sorted(SNAPSHOT_COLUMNS))
def test_every_column_is_described_and_rows_begin_with_their_keys(collection: str) -> None:
    columns = SNAPSHOT_COLUMNS[collection]

    assert [column.name for column in columns[:2]] == ["version_id", "jamf_id"]
    assert columns[-1].name == "is_usable"
    assert all(column.description.endswith(".") for column in columns)
    assert len({column.name for column in columns}) == len(columns)


def test_an_unknown_collection_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"printers.*computers, users, groups, buildings"):
        stage("printers", [])


def test_the_rules_have_a_number_and_the_reasons_are_stable_codes() -> None:
    assert STAGING_RULES >= 1
    assert {reason.value for reason in Reason} == {
        "serial_number_missing",
        "serial_number_placeholder",
        "personally_owned",
        "out_of_scope",
        "no_username_or_email",
        "name_missing",
        "group_kind_unknown",
        "wrong_type",
        "too_long",
        "malformed_email",
        "malformed_mac_address",
        "malformed_date",
        "time_in_future",
        "cut_to_fit",
    }


def test_staging_does_not_change_the_documents() -> None:
    document = {"id": "1", "hardware": {"serialNumber": " a "}, "staticGroupIds": ["2", "2"]}
    before = repr(document)
    staged = stage("computers", [RawVersion(1, "1", document)])

    assert isinstance(staged.rows, pd.DataFrame)
    assert repr(document) == before
