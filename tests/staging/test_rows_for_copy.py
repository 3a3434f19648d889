"""Frames become tuples of plain Python values."""

from datetime import UTC, datetime

import pandas as pd

from moss_jamf_pipeline.staging import RawVersion, rows_for_copy, stage


def test_every_kind_of_missing_value_becomes_none() -> None:
    frame = pd.DataFrame(
        {
            "number": pd.Series([1, 2], dtype="int64"),
            "text": pd.Series(["a", None], dtype="str"),
            "truth": pd.Series([True, None], dtype="boolean"),
            "time": pd.to_datetime(pd.Series(["2025-09-02T08:15:30Z", None]), utc=True),
            "ids": pd.Series([["1", "2"], None], dtype="object"),
            "share": pd.Series([0.5, float("nan")], dtype="float64"),
        }
    )

    assert list(rows_for_copy(frame)) == [
        (1, "a", True, datetime(2025, 9, 2, 8, 15, 30, tzinfo=UTC), ["1", "2"], 0.5),
        (2, None, None, None, None, None),
    ]


def test_values_are_python_scalars_and_not_pandas_or_numpy_ones() -> None:
    frame = pd.DataFrame(
        {
            "number": pd.Series([1], dtype="int64"),
            "truth": pd.Series([False], dtype="bool"),
            "time": pd.to_datetime(pd.Series(["2025-09-02"]), utc=True),
        }
    )
    (row,) = rows_for_copy(frame)

    assert [type(value) for value in row] == [int, bool, datetime]


def test_an_empty_frame_gives_no_rows() -> None:
    assert list(rows_for_copy(stage("computers", []).rows)) == []
    assert list(rows_for_copy(stage("computers", []).quarantine)) == []


def test_an_empty_list_of_groups_stays_an_empty_list() -> None:
    staged = stage(
        "computers", [RawVersion(1, "1", {"staticGroupIds": []}), RawVersion(2, "2", {})]
    )
    position = staged.rows.columns.get_loc("static_group_ids")
    assert isinstance(position, int)

    assert [row[position] for row in rows_for_copy(staged.rows)] == [[], None]
