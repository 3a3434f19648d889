"""What holds for every document and every text, searched for counter-examples."""

import string
import unicodedata
from collections.abc import Callable
from typing import Any

import orjson
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.catalogue.fields import DESCRIBED
from moss_jamf_pipeline.staging import SNAPSHOT_COLUMNS, RawVersion, rows_for_copy, stage
from moss_jamf_pipeline.staging.fields import text_fields
from moss_jamf_pipeline.staging.forms import (
    email_form,
    lower_uuid_form,
    mac_address_form,
    upper_uuid_form,
)
from moss_jamf_pipeline.staging.placeholders import placeholder_serials
from moss_jamf_pipeline.staging.text import clean_identifier, clean_text
from tests.support.properties import examples

UNSEEN_EDGES = "\u200b\u200c\u200d\u2060\ufeff"
LIMITS = {
    collection: {field.column: field.limit for field in text_fields(collection)}
    for collection in SNAPSHOT_COLUMNS
}

# Texts from the whole of Unicode, lone surrogates and NUL included, and texts near the rules.
texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Mn", "Lu"]), max_size=12),
    st.text(alphabet="0123456789abcdefABCDEFxX:-. \u00a0\u200b", max_size=20),
    st.sampled_from(
        ["N/A", " none ", "-1", "0", "jane@example.org", "a@b@c", "AA:BB:CC:DD:EE:FF", "user"]
    ),
    st.sampled_from(["2025-09-02T08:15:30Z", "1970-01-01", "9999-12-31T23:59:59-01:00"]),
    st.integers(45, 300).map(lambda length: "é" * length),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.text(max_size=3), scalars, max_size=2),
)


def sections(*keys: str) -> st.SearchStrategy[Any]:
    """An object with some of the keys, or anything else."""
    known = st.fixed_dictionaries({}, optional=dict.fromkeys(keys, values))
    return st.one_of(known, known, known, values)


people = ("username", "realname", "email", "phone", "position")
computers = st.fixed_dictionaries(
    {"id": scalars},
    optional={
        "udid": values,
        "general": st.one_of(
            sections(
                *("name", "assetTag", "barcode1", "barcode2", "platform", "supervised"),
                *("managementId", "remoteManagement", "lastEnrolledDate", "initialEntryDate"),
                *("site", "appleEnrollmentType"),
            ),
            st.fixed_dictionaries({"remoteManagement": sections("managed")}),
        ),
        "hardware": sections(
            *("make", "model", "modelIdentifier", "serialNumber", "macAddress", "altMacAddress"),
            *("networkAdapterType", "altNetworkAdapterType", "appleSilicon", "hasBattery"),
        ),
        "operatingSystem": sections("name", "version", "build"),
        "userAndLocation": sections(*people, "departmentId", "buildingId", "room"),
        "staticGroupIds": values,
        "personallyOwned": values,
        "outOfScope": values,
    },
)
DOCUMENTS = {
    "computers": computers,
    "users": st.fixed_dictionaries({}, optional=dict.fromkeys(("id", *people), values)),
    "groups": st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("id", "name", "description", "smartGroup"), values)
    ),
    "buildings": st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "name"), values)),
    "departments": st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "name"), values)),
}


def numbered(documents: list[Any]) -> list[RawVersion]:
    return [
        RawVersion(1000 + number, str(number), document)
        for number, document in enumerate(documents)
    ]


def text_cells(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Every text in a frame with the name of its column or, of a described one, its own."""
    cells = [
        (name, cell)
        for name in frame.columns
        if str(frame[name].dtype) == "str" and name != DESCRIBED
        for cell in frame[name].dropna()
    ]
    described = [orjson.loads(document) for document in frame.get(DESCRIBED, ())]
    return cells + [(name, cell) for row in described for name, cell in row.items() if cell]


@pytest.mark.parametrize("collection", sorted(DOCUMENTS))
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_document_is_staged_and_every_promise_about_its_row_holds(
    collection: str, data: st.DataObject
) -> None:
    versions = numbered(data.draw(st.lists(DOCUMENTS[collection], max_size=4)))

    staged = stage(collection, versions)

    given_ids = [version[0] for version in versions]
    assert staged.rows["version_id"].tolist() == given_ids
    assert set(staged.quarantine["version_id"]) <= set(given_ids)
    unusable = staged.rows.loc[~staged.rows["is_usable"], "version_id"]
    assert set(unusable) <= set(staged.quarantine["version_id"])
    assert not staged.rows["is_usable"].isna().any()
    for name, cell in text_cells(staged.rows):
        assert cell
        assert cell == cell.strip() == cell.strip(UNSEEN_EDGES)
        assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in cell)
        assert len(cell) <= (LIMITS[collection].get(name) or len(cell))
    for _, cell in text_cells(staged.quarantine):
        assert "\x00" not in cell
        cell.encode()
    for row in rows_for_copy(staged.rows):
        assert len(row) == len(SNAPSHOT_COLUMNS[collection])
        assert not any(value is pd.NaT or value is pd.NA for value in row)


@settings(max_examples=examples(12))
@given(documents=st.lists(computers, min_size=1, max_size=4))
def test_a_record_is_staged_alike_alone_and_among_others(documents: list[Any]) -> None:
    versions = numbered(documents)
    together = list(rows_for_copy(stage("computers", versions).rows))

    alone = [next(rows_for_copy(stage("computers", [version]).rows)) for version in versions]

    assert together == alone


@given(text=texts)
@pytest.mark.parametrize("clean", [clean_text, clean_identifier])
def test_cleaning_twice_changes_nothing_more(clean: Callable[[str], str], text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    once.encode()


@given(text=texts)
@pytest.mark.parametrize(
    "form",
    [mac_address_form, email_form, upper_uuid_form, lower_uuid_form],
    ids=lambda form: form.__name__,
)
def test_a_form_is_idempotent_and_its_result_is_clean(
    form: Callable[[pd.Series], pd.Series], text: str
) -> None:
    cleaned = pd.Series([clean_identifier(text) or None], dtype="str")
    once = form(cleaned)

    assert form(once).equals(once)
    for value in once.dropna():
        assert clean_identifier(value) == value


# What manufacturers and virtual machines give: Apple's of twelve and of ten signs, vendors' of eight digits, random
# text.
_APPLE = "0123456789CDFGHJKLMNPQRTVWXY"
_REAL_SERIALS = st.one_of(
    st.text(alphabet=_APPLE, min_size=10, max_size=10),
    st.text(alphabet=_APPLE, min_size=8, max_size=8).map(lambda text: f"C02{text}K"),
    st.text(alphabet=string.digits, min_size=8, max_size=8),
    st.text(alphabet=string.ascii_letters + string.digits + "+/", min_size=10, max_size=10).map(
        lambda text: f"VM{text}"
    ),
    st.integers(0, 2**128 - 1).map(lambda number: f"VMware-{number.to_bytes(16).hex(' ')}"),
    st.uuids().map(str),
)
_COUNTED = "0123456789" * 3


def _is_orderly(serial_number: str) -> bool:
    """Whether chance made one of the forms of a placeholder: one sign, or nothing but a count."""
    return len(set(serial_number)) == 1 or any(
        serial_number in count for count in (_COUNTED, _COUNTED[::-1], "0123456789abcdef")
    )


@settings(max_examples=examples(300))
@given(serial_number=_REAL_SERIALS.filter(lambda text: not _is_orderly(text)))
def test_case_i08_no_real_serial_number_is_taken_for_a_placeholder(serial_number: str) -> None:
    assert placeholder_serials().why_no_serial(serial_number) is None


_PLACEHOLDERS = st.one_of(
    st.tuples(st.sampled_from(string.printable.strip()), st.integers(1, 40)).map(
        lambda pair: pair[0] * pair[1]
    ),
    st.tuples(
        st.sampled_from(["", "SN-", "sys-", "MB-"]), st.integers(0, 9), st.integers(5, 20)
    ).map(lambda parts: parts[0] + _COUNTED[parts[1] : parts[1] + parts[2]]),
    st.integers(5, 10).map(lambda length: _COUNTED[9::-1][:length]),
    st.text(alphabet=" -./_#*?()", min_size=1, max_size=12).filter(str.strip),
    st.text(max_size=10).map(lambda text: f"Serial Number{text}"),
    st.sampled_from(["N/A", "none", "EVAL", "Unknow", "(null string)", "0123456789ABCDEF"]),
)


@settings(max_examples=examples(300))
@given(
    placeholder=_PLACEHOLDERS,
    spelled=st.sampled_from([str, str.upper, str.lower, str.title]),
    space=st.sampled_from(["", " ", "\t", "\u00a0"]),
)
def test_case_i08_every_spelling_of_a_placeholder_is_one(
    placeholder: str, spelled: Callable[[str], str], space: str
) -> None:
    text = space.join(spelled(placeholder))

    assert placeholder_serials().why_no_serial(text) is not None


@settings(max_examples=examples(20))
@given(
    serial_number=st.text(alphabet=string.ascii_letters + string.digits, min_size=2, max_size=12),
    edge=st.sampled_from(["", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\u3000", "\x00"]),
)
def test_case_i07_serial_numbers_are_trimmed_and_nothing_else(
    serial_number: str, edge: str
) -> None:
    versions = numbered([{"hardware": {"serialNumber": f"{edge}{serial_number}{edge}"}}])
    (staged,) = stage("computers", versions).rows["serial_number"].astype(object)

    is_placeholder = placeholder_serials().why_no_serial(serial_number) is not None
    assert pd.isna(staged) == is_placeholder
    assert is_placeholder or staged == serial_number


@given(
    octets=st.lists(st.integers(0, 255), min_size=6, max_size=6),
    separator=st.sampled_from([":", "-", "", " ", "."]),
    is_upper=st.booleans(),
)
def test_all_spellings_of_a_mac_address_are_one(
    octets: list[int], separator: str, is_upper: bool
) -> None:
    spelling = separator.join(f"{octet:02x}" for octet in octets)
    formed = mac_address_form(pd.Series([spelling.upper() if is_upper else spelling], dtype="str"))

    expected = ":".join(f"{octet:02X}" for octet in octets)
    is_none = len(set(octets)) == 1 and octets[0] in {0, 255}
    assert formed.isna().tolist() == [is_none]
    assert is_none or formed.tolist() == [expected]
