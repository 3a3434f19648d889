"""A complete computer, and a short way to stage one document and look at its row and its notes."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import orjson
import pytest

from moss_jamf_pipeline.catalogue.fields import DESCRIBED
from moss_jamf_pipeline.staging import RawVersion, rows_for_copy, stage

_COMPUTER: dict[str, Any] = {
    "id": "412",
    "udid": "5D0C1B7E-3A42-5C11-9F0E-7B2A64D1C908",
    "general": {
        "name": "Priya’s MacBook Pro",
        "assetTag": "LT-004412",
        "barcode1": "4412-A",
        "barcode2": None,
        "platform": "Mac",
        "supervised": True,
        "managementId": "b7a3c2d1-90ef-4c5d-a1b2-3344556677f8",
        "remoteManagement": {"managed": True},
        "lastEnrolledDate": "2025-09-02T08:15:30.041Z",
        "initialEntryDate": "2025-09-02",
        "site": {"id": "-1", "name": "None"},
        "appleEnrollmentType": "device",
    },
    "hardware": {
        "make": "Apple",
        "model": "MacBook Pro (14-inch, 2024) M4",
        "modelIdentifier": "Mac16,1",
        "processorType": "Apple M4",
        "serialNumber": "H7X4Q2ZK91",
        "macAddress": "5C:E9:1E:0A:44:12",
        "altMacAddress": "36:5A:90:C1:70:02",
        "networkAdapterType": "IEEE80211",
        "altNetworkAdapterType": "Ethernet",
        "appleSilicon": True,
    },
    "operatingSystem": {"name": "macOS", "version": "15.5", "build": "24F74"},
    "userAndLocation": {
        "username": "priya.raman",
        "realname": "Priya Raman",
        "email": "Priya.Raman@example.org",
        "phone": "+49 30 5550 4412",
        "position": "Data Engineer",
        "departmentId": "7",
        "buildingId": "2",
        "room": "3.14",
    },
    "staticGroupIds": ["58", "61"],
}


class StagedOne(NamedTuple):
    """One staged document: its row by column name, and its notes as (field, reason)."""

    row: dict[str, Any]
    notes: list[tuple[str, str]]
    details: list[str]

    def value(self, name: str) -> Any:
        """What a column holds, or the column of described fields under that name."""
        return self.row[name] if name in self.row else self.row[DESCRIBED][name]

    @property
    def told(self) -> dict[str, Any]:
        """Every value there is, by column; of the described fields, by their own names."""
        values = {**self.row, **self.row.get(DESCRIBED, {}), DESCRIBED: None}
        return {name: value for name, value in values.items() if value is not None}


@pytest.fixture
def computer() -> Callable[..., dict[str, Any]]:
    """Makes a complete computer with values replaced that are named by path: `hardware.make`."""

    def make(changes: dict[str, Any] | None = None) -> dict[str, Any]:
        document = deepcopy(_COMPUTER)
        for path, value in (changes or {}).items():
            *parents, key = path.split(".")
            section = document
            for parent in parents:
                section = section[parent]
            section[key] = value
        return document

    return make


@pytest.fixture
def stage_one() -> Callable[[str, dict[str, Any]], StagedOne]:
    """Stages one document of a collection."""

    def run(collection: str, document: dict[str, Any]) -> StagedOne:
        staged = stage(collection, [RawVersion(1, "412", document)])
        (row,) = rows_for_copy(staged.rows)
        notes = list(rows_for_copy(staged.quarantine))
        values = dict(zip(staged.rows.columns, row, strict=True))
        if DESCRIBED in values:
            values[DESCRIBED] = orjson.loads(values[DESCRIBED])
        return StagedOne(
            row=values,
            notes=[(field, reason) for _, _, field, reason, _ in notes],
            details=[note[-1] for note in notes],
        )

    return run
