"""Values of extension attributes in one form: numbers, dates, several values, and what does not fit."""

from typing import Any

import pytest

from moss_jamf_pipeline.catalogue.extension_attributes import FieldType, field_type
from moss_jamf_pipeline.staging import RawVersion, StagedAttribute, StagingPolicies, stage
from moss_jamf_pipeline.staging.attributes import staged_value


@pytest.mark.parametrize(
    ("values", "type_", "staged"),
    [
        ([" 0042 "], FieldType.NUMBER, "42"),
        (["-0"], FieldType.NUMBER, "0"),
        (["-3.50"], FieldType.NUMBER, "-3.5"),
        (["12.0"], FieldType.NUMBER, "12"),
        (["n/a"], FieldType.NUMBER, "n/a"),
        (["2026-09-01 13:00:00"], FieldType.DATE, "2026-09-01"),
        (["2026-09-01T13:00:00.000Z"], FieldType.DATE, "2026-09-01"),
        (["2026-02-30 00:00:00"], FieldType.DATE, "2026-02-30 00:00:00"),
        (["Never"], FieldType.DATE, "Never"),
        (["b", "a", "b", " "], FieldType.MULTI_SELECT, "a; b"),
        (["two\nlines\x00"], FieldType.TEXT, "two lines"),
        (["", " "], FieldType.TEXT, None),
        ([], FieldType.SELECT, None),
    ],
)
def test_a_value_has_one_form(values: list[str], type_: FieldType, staged: str | None) -> None:
    assert staged_value(values, type_) == staged
    if staged is not None and len(values) == 1:
        assert staged_value([staged], type_) == staged


@pytest.mark.parametrize(
    ("data_type", "input_type", "is_multi_valued", "type_"),
    [
        ("STRING", "TEXT", False, FieldType.TEXT),
        ("STRING", "POPUP", False, FieldType.SELECT),
        ("INTEGER", "SCRIPT", False, FieldType.NUMBER),
        ("DATE", "TEXT", False, FieldType.DATE),
        ("STRING", "DIRECTORY_SERVICE_ATTRIBUTE_MAPPING", True, FieldType.MULTI_SELECT),
        ("OF_NEXT_YEAR", "TEXT", False, FieldType.TEXT),
    ],
)
def test_the_type_of_the_custom_field_follows_the_definition(
    data_type: str, input_type: str, is_multi_valued: bool, type_: FieldType
) -> None:
    assert field_type(data_type, input_type, is_multi_valued=is_multi_valued) is type_


def test_what_a_document_has_is_described_under_the_custom_fields_name(
    computer: Any,
) -> None:
    policies = StagingPolicies(
        attributes=(
            StagedAttribute("8", "kst", FieldType.TEXT),
            StagedAttribute("9", "jamf_ea_9", FieldType.NUMBER),
            StagedAttribute("10", "jamf_ea_10", FieldType.TEXT),
            StagedAttribute("11", "jamf_ea_11", FieldType.TEXT),
        )
    )
    document = computer()
    document["extensionAttributes"] = {
        "8": ["x"],
        "9": [],
        "11": ["y" * 4_001],
        "99": ["not mapped"],
    }
    staged = stage("computers", [RawVersion(1, "412", document)], policies)
    (described,) = staged.rows["described"]
    assert '"kst":"x"' in described
    # Without a value is null; what is not there, or too long, says nothing.
    assert '"jamf_ea_9":null' in described
    assert "jamf_ea_10" not in described
    assert "jamf_ea_11" not in described
    assert "not mapped" not in described
    assert list(staged.quarantine["field"]) == ["jamf_ea_11"]
    assert policies.rules_for("computers") != StagingPolicies().rules_for("computers")
    assert policies.rules_for("users") == StagingPolicies().rules_for("users")
