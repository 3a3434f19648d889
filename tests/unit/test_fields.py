"""The lines of `fields.csv`: what is refused, and that everything that names a field follows them."""

import csv
import io

import pytest

from moss_jamf_pipeline.catalogue.allow_list import section_parameter, sections
from moss_jamf_pipeline.catalogue.collections import (
    COLLECTION_NAMES,
    CollectionName,
    collection_named,
)
from moss_jamf_pipeline.catalogue.fields import (
    DESCRIBED,
    CatalogueInvalid,
    FieldDeclaration,
    JamfPath,
    declared_fields,
    fields_of,
    read_fields,
)
from moss_jamf_pipeline.catalogue.ownership import declared_rules
from moss_jamf_pipeline.settings import project_file
from moss_jamf_pipeline.staging import SNAPSHOT_COLUMNS

_COLUMNS = list(FieldDeclaration.model_fields)
_LINE = {
    "object_type": "device",
    "field": "chip",
    "path": "computers.hardware.chip",
    "rule": "descriptive",
    "limit": "255",
    "staged": "described",
    "place": "custom_field",
    "owner": "JAMF",
    "on_create": "write",
    "on_update": "overwrite",
    "on_null": "keep",
    "records_conflict": "true",
    "label": "Chip",
    "description": "Its chip.",
    "why": "Hardware truth",
}


def _read(*changes: dict[str, str]) -> tuple[FieldDeclaration, ...]:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(_LINE | change for change in changes)
    return read_fields(text.getvalue().splitlines())


def test_a_line_is_read() -> None:
    (field,) = _read({})
    assert field.name == "device.chip"
    assert field.path == (JamfPath("computers", ("hardware", "chip")),)
    assert field.path[0].section == "hardware"
    assert field.limit == 255
    assert field.records_conflict is True
    assert field.is_of("computers")
    assert not field.is_of("users")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"object_type": "printer"}, "object_type"),
        ({"field": "Chip"}, "field"),
        ({"path": "printers.chip"}, "names no collection"),
        ({"path": "computers"}, "no path of the form"),
        ({"path": "computers.hard ware"}, "names no collection"),
        ({"path": ""}, "needs a path"),
        ({"rule": "guess"}, "rule"),
        ({"rule": ""}, "needs a rule"),
        ({"rule": "derived_text"}, "no path of its own"),
        ({"rule": "truth"}, "only a text has a limit"),
        ({"rule": "as_is", "limit": ""}, "as_is is not staged"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"place": "drawer"}, "place"),
        ({"place": "snapshot"}, "has an owner"),
        ({"object_type": "group"}, "only devices are described"),
        ({"object_type": "person", "staged": "chip"}, "only the custom fields of devices"),
        ({"owner": "nobody"}, "owner"),
        ({"owner": ""}, "needs an owner"),
        ({"on_update": ""}, "needs an owner, all policies"),
        ({"why": ""}, "and a reason"),
        ({"description": ""}, "description"),
        ({"label": ""}, "has a label"),
        ({"place": "column"}, "has a label"),
    ],
    ids=str,
)
def test_a_line_that_cannot_be_used_is_refused_by_its_number(
    change: dict[str, str], complaint: str
) -> None:
    with pytest.raises(CatalogueInvalid, match=complaint) as refused:
        _read({"field": "fan"}, change)
    assert "line 3" in str(refused.value)


def test_no_field_is_declared_twice_and_no_column_holds_two() -> None:
    with pytest.raises(CatalogueInvalid, match=r"device\.chip twice"):
        _read({}, {})
    with pytest.raises(CatalogueInvalid, match="computers: chip twice"):
        _read({"staged": "chip"}, {"staged": "chip", "field": "fan"})


def test_other_columns_are_refused() -> None:
    with pytest.raises(CatalogueInvalid, match="must have the columns"):
        read_fields(["object_type,field", "device,chip"])


def test_what_is_declared_is_staged_in_its_collection() -> None:
    for collection in COLLECTION_NAMES:
        staged = {field.staged for field in fields_of(collection)} - {None}
        columns = {column.name for column in SNAPSHOT_COLUMNS[collection]}
        assert staged | {"version_id", "jamf_id", "is_usable"} <= columns
        if collection_named(collection).rows_of is None:
            assert columns == staged | {"version_id", "jamf_id", "is_usable"}


def test_rules_and_fields_are_the_same_list() -> None:
    owned = [field.name for field in declared_fields() if field.is_owned]
    assert [f"{rule.object_type}.{rule.field}" for rule in declared_rules()] == owned


def test_sections_are_asked_for_by_the_names_that_jamf_gives_them() -> None:
    asked = {section_parameter(section) for section in sections(CollectionName.COMPUTERS)}
    assert asked == {
        *("GENERAL", "HARDWARE", "OPERATING_SYSTEM", "USER_AND_LOCATION", "GROUP_MEMBERSHIPS")
    }
    assert sections(CollectionName.USERS) == ()
    of_mobile_devices = {*map(section_parameter, sections(CollectionName.MOBILE_DEVICES))}
    assert of_mobile_devices == {"GENERAL", "HARDWARE", "USER_AND_LOCATION", "NETWORK"}


def test_no_statement_names_a_described_field_only_to_pass_it_on() -> None:
    """A described field reaches the plan with all others, so a new one changes no statement."""
    described = {field.field for field in declared_fields() if field.staged == DESCRIBED}
    statement = project_file("sql/plan/compare_devices.sql").read_text()
    assert {name for name in described if f"'{name}'" in statement} == {"form_factor"}
