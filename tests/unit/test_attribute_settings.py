"""`sync_settings.extension_attributes`: the forms it may have, and which custom field each attribute gets."""

from typing import Any

import pytest
from pydantic import ValidationError

from moss_jamf_pipeline.moss.capture.attributes import (
    KnownAttribute,
    mapping_of,
    unknown_references,
    with_custom_fields,
)
from moss_jamf_pipeline.moss.integration.attribute_settings import MappedAttribute
from moss_jamf_pipeline.moss.integration.integrations import SyncSettings


def _settings(value: Any) -> SyncSettings:
    return SyncSettings.model_validate({"extension_attributes": value})


def _known(definition_id: str, name: str, **changes: Any) -> KnownAttribute:
    said = {"data_type": "STRING", "input_type": "TEXT", "is_multi_valued": False, "choices": ()}
    return KnownAttribute(
        **{"definition_id": definition_id, "name": name, "is_enabled": True, **said, **changes}
    )


@pytest.mark.parametrize(
    ("value", "is_on", "named"),
    [
        (None, False, []),
        (False, False, []),
        (True, True, []),
        ([], True, []),
        (["Cost &amp; more", 12], True, ["Cost & more", "12"]),
        ({"12": None, "x": {"compare": "never"}, "y": True}, True, ["12", "x", "y"]),
    ],
)
def test_it_is_off_or_true_or_a_list_or_an_object(
    value: object, is_on: bool, named: list[str]
) -> None:
    settings = _settings(value)
    assert settings.reads_attributes is is_on
    assert list(settings.extension_attributes or {}) == named
    # As the configuration page writes it back.
    assert _settings(settings.model_dump(mode="json")["extension_attributes"]) == settings


@pytest.mark.parametrize(
    "value",
    ["Cost Centre", 12, [""], [None], ["a", "a"], {"a": {"type": "json"}}, {"a": {"owner": "x"}}],
)
def test_what_it_cannot_be_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        _settings(value)


def test_without_computers_there_are_none() -> None:
    settings = SyncSettings.model_validate({"extension_attributes": ["a"], "sync_computers": False})
    assert not settings.reads_attributes


def test_a_reference_is_an_id_or_else_the_name_of_exactly_one() -> None:
    known = [
        *(_known("8", "Cost Centre"), _known("9", "Twice"), _known("10", "twice ")),
        *(_known("11", "8"), _known("12", "Gone", is_gone=True)),
    ]
    settings = _settings(["cost centre", "twice", "8", "10", "gone", "nowhere"])
    assert list(mapping_of(settings, known)) == ["8", "10"]
    assert unknown_references(settings, known) == (
        "JAMF has 2 extension attributes named 'twice' (ids 9, 10): name one by id.",
        "JAMF has no extension attribute with the id or the name 'gone'.",
        "JAMF has no extension attribute with the id or the name 'nowhere'.",
    )


def test_each_gets_one_custom_field_and_keeps_it() -> None:
    said = {each: MappedAttribute() for each in ("1", "2", "3", "4", "5")}
    existing = [
        {"field_name": name, "label": label, "is_hand_made": is_hand_made}
        for name, label, is_hand_made in (
            *(("kst", "Cost centre", True), ("barcode_1", "Barcode 1", False)),
            *(("one", "Alike", True), ("other", "alike", True), ("jamf_ea_5", "Else", False)),
        )
    ]
    known = [
        *(_known("1", "Cost Centre"), _known("2", "Barcode 1"), _known("3", "Alike")),
        *(_known("4", "Renamed", field_name="as_before"), _known("5", "Another server's id")),
        _known("6", "Not mapped"),
    ]
    found = {each.name: each for each in with_custom_fields(known, said, existing)}
    assert {name: each.field_name for name, each in found.items()} == {
        "Cost Centre": "kst",
        # The sync fills that itself; of two alike neither is taken.
        "Barcode 1": "jamf_ea_2",
        "Alike": "jamf_ea_3",
        "Renamed": "as_before",
        "Another server's id": "jamf_ea_5_2",
    }
    assert [name for name, each in found.items() if each.is_adopted] == ["Cost Centre"]
