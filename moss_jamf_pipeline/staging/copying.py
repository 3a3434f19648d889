"""Frames -> tuples for PostgreSQL's COPY. The COPY itself belongs to the package `moss`."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows_for_copy(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a frame as plain Python values.

    Args:
        frame: staged rows or a quarantine; any frame of scalars, times and lists will do.

    Yields:
        One tuple per row, in the order of the frame's columns: None for NaN, NaT and NA; int,
        float, bool, str; aware `datetime` for times (in UTC where the column is); lists as they
        are.
    """
    columns = [python_values(frame.iloc[:, position]) for position in range(frame.shape[1])]
    yield from zip(*columns, strict=True)


def python_values(column: "pd.Series[Any]") -> list[Any]:
    """Give the values of a column as plain Python values, None for NaN, NaT and NA."""
    values = column.tolist()
    if column.hasnans:
        missing = column.isna().tolist()
        values = [
            None if is_missing else value for value, is_missing in zip(values, missing, strict=True)
        ]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return [None if value is None else value.to_pydatetime() for value in values]
    return values
