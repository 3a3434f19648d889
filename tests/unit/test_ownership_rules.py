"""Field ownership: the declared table, and what an integration may replace in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.catalogue.ownership import (
    OwnershipInvalid,
    OwnershipOverride,
    clearable_fields,
    declared_rules,
    effective_rules,
)

_RULES = {f"{rule.object_type}.{rule.field}": rule for rule in declared_rules()}
_OWNED_BY_MOSS = sorted(name for name, rule in _RULES.items() if rule.owner == "M.O.S.S.")

# The defaults, written down a second time: field -> owner, on create, on update.
_DESIGNED = {
    **dict.fromkeys(
        [
            *("device.serial_number", "device.hostname", "device.model", "device.manufacturer"),
            *("device.operating_system", "device.os_version", "device.os_build"),
            "device.assigned_to_person_id",
            *("person.email_address", "person.phone_number", "person.job_title"),
            *("group.name", "group.group_type", "group.external_id"),
            *("io.interface_name", "io.interface_type"),
        ],
        ("JAMF", "write", "overwrite"),
    ),
    **dict.fromkeys(
        ["device.asset_tag", "device.location_id", "device.room_id"], ("M.O.S.S.", "write", "fill")
    ),
    **dict.fromkeys(["person.username", "person.full_name"], ("M.O.S.S.", "write", "fill")),
    "device.device_type": ("M.O.S.S.", "default", "follow"),
    **dict.fromkeys(
        ["device.notes", "person.person_type", "person.notes"], ("M.O.S.S.", "default", "never")
    ),
    **dict.fromkeys(["location.name", "room.name"], ("M.O.S.S.", "write", "never")),
    "io.mac_address": ("JAMF", "write", "never"),
}


def test_every_field_is_declared_once_and_says_why() -> None:
    assert len(_RULES) == len(declared_rules())
    assert all(rule.why.strip() for rule in declared_rules())


@pytest.mark.parametrize("name", sorted(_DESIGNED))
def test_the_declared_table_says_what_the_design_says(name: str) -> None:
    rule = _RULES[name]
    assert (rule.owner, rule.on_create, rule.on_update) == _DESIGNED[name]


def test_no_field_that_moss_owns_is_ever_overwritten_by_default() -> None:
    assert [name for name in _OWNED_BY_MOSS if _RULES[name].on_update == "overwrite"] == []


def test_a_jamf_null_empties_no_field_by_default() -> None:
    object_types = {rule.object_type for rule in declared_rules()}
    assert {name: clearable_fields(declared_rules(), name) for name in object_types} == {
        name: [] for name in object_types
    }


def test_labels_and_places_that_moss_owns_are_conflicts_when_jamf_differs() -> None:
    for name in ("device.asset_tag", "device.location_id", "device.room_id"):
        assert _RULES[name].records_conflict, name


def test_without_overrides_the_declared_rules_hold() -> None:
    assert effective_rules({}) == declared_rules()


def test_an_override_replaces_only_what_it_names() -> None:
    rules = effective_rules({"device.hostname": OwnershipOverride(on_update="never")})
    changed = [rule for rule in rules if rule not in declared_rules()]
    assert changed == [_RULES["device.hostname"].model_copy(update={"on_update": "never"})]
    assert len(rules) == len(declared_rules())


def test_an_override_can_make_a_jamf_null_count() -> None:
    rules = effective_rules({"person.phone_number": OwnershipOverride(on_null="clear")})
    assert clearable_fields(rules, "person") == ["phone_number"]
    assert clearable_fields(rules, "device") == []


def test_a_field_that_is_only_filled_is_never_cleared() -> None:
    rules = effective_rules({"device.asset_tag": OwnershipOverride(on_null="clear")})
    assert clearable_fields(rules, "device") == []


@pytest.mark.parametrize("name", _OWNED_BY_MOSS)
def test_no_override_lets_jamf_overwrite_what_moss_owns(name: str) -> None:
    with pytest.raises(OwnershipInvalid, match=r"which M\.O\.S\.S\. owns") as caught:
        effective_rules({name: OwnershipOverride(on_update="overwrite")})
    assert name in str(caught.value)
    assert ("'fill' or" in caught.value.remedy) == (_RULES[name].on_update != "follow")
    assert "'never'" in caught.value.remedy


def test_what_is_given_a_default_is_never_empty_and_cannot_be_filled() -> None:
    with pytest.raises(OwnershipInvalid, match=r"device\.device_type, which is never empty"):
        effective_rules({"device.device_type": OwnershipOverride(on_update="fill")})


def test_an_override_of_an_unknown_field_names_the_known_ones() -> None:
    with pytest.raises(OwnershipInvalid, match=r"'device\.colour'") as caught:
        effective_rules({"device.colour": OwnershipOverride(on_update="never")})
    assert "device.hostname" in caught.value.remedy


_OVERRIDES = st.dictionaries(
    st.sampled_from(sorted(_RULES)),
    st.builds(
        OwnershipOverride,
        on_update=st.sampled_from(["overwrite", "fill", "never", None]),
        on_null=st.sampled_from(["keep", "clear", None]),
        records_conflict=st.sampled_from([True, False, None]),
    ),
    max_size=6,
)


@given(_OVERRIDES)
def test_whatever_is_overridden_no_owned_field_becomes_overwritable(
    overrides: dict[str, OwnershipOverride],
) -> None:
    try:
        rules = effective_rules(overrides)
    except OwnershipInvalid:
        assert any(
            (override.on_update == "overwrite" and name in _OWNED_BY_MOSS)
            or (override.on_update == "fill" and _RULES[name].on_update == "follow")
            for name, override in overrides.items()
        )
        return
    assert [
        rule for rule in rules if rule.owner == "M.O.S.S." and rule.on_update == "overwrite"
    ] == []
    assert [(rule.owner, rule.on_create, rule.why) for rule in rules] == [
        (rule.owner, rule.on_create, rule.why) for rule in declared_rules()
    ]
