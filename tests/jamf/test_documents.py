"""What is kept of JAMF's answers, byte for byte, and what becomes of records that cannot be used."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.jamf.documents import (
    BUILDING_READER,
    COMPUTER_READER,
    DEPARTMENT_READER,
    GROUP_READER,
    USER_READER,
    BodyNotJsonError,
    BodyShapeError,
    ReadPage,
    RejectionReason,
    parse_moment,
    read_classic_user,
    read_classic_users,
)
from tests.jamf.computers import computer


def page_of(*records: Any) -> ReadPage:
    body = json.dumps({"totalCount": len(records), "results": records}).encode()
    return COMPUTER_READER.read_page(body)


def document_of(*records: Any) -> dict[str, Any]:
    page = page_of(*records)
    assert page.rejected == []
    document = json.loads(page.records[0].document)
    assert isinstance(document, dict)
    return document


def test_a_computer_is_stored_as_exactly_these_fields() -> None:
    assert document_of(computer()) == {
        "id": "412",
        "udid": "5D0C1B7E-3A42-5C11-9F0E-7B2A64D1C908",
        "general": {
            "name": "Priya’s MacBook Pro",
            "assetTag": " LT-004412 ",
            "barcode1": None,
            "barcode2": "B-2",
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
            "model": "MacBook Pro (14-inch, 2024)",
            "modelIdentifier": "Mac16,1",
            "processorType": "Apple M4",
            "serialNumber": "h7x4q2zk91",
            "macAddress": "5c:e9:1e:0a:44:12",
            "altMacAddress": None,
            "networkAdapterType": "IEEE80211",
            "altNetworkAdapterType": "Ethernet",
            "appleSilicon": True,
            "hasBattery": True,
        },
        "operatingSystem": {"name": "macOS", "version": "26.1", "build": "25B78"},
        "userAndLocation": {
            "username": "priya.raman",
            "realname": "Priya Raman",
            "email": "priya.raman@example.org",
            "phone": None,
            "position": "Data Engineer",
            "departmentId": "7",
            "buildingId": "2",
            "room": "3.14",
        },
        "staticGroupIds": ["9", "10"],
    }


def test_nothing_outside_the_allow_list_is_stored() -> None:
    (record,) = page_of(computer()).records
    assert b"secret" not in record.document
    assert b"198.51.100.24" not in record.document


def test_a_document_is_canonical_json_with_its_blake2b_hash() -> None:
    (record,) = page_of(computer()).records
    document = json.loads(record.document)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record.document == canonical.encode()
    assert record.content_hash == blake2b(record.document, digest_size=16).digest()


@given(st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order_of_keys_or_memberships(random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return random.sample(value, len(value))
        if isinstance(value, dict):
            items = [(key, shuffled(item)) for key, item in value.items()]
            return dict(random.sample(items, len(items)))
        return value

    plain, mixed = page_of(computer(), shuffled(computer())).records
    assert plain.content_hash == mixed.content_hash


def test_contact_times_change_neither_document_nor_hash() -> None:
    before, after = page_of(
        computer(), computer(general={"lastContact": None, "reportDate": None, "lastCheckIn": None})
    ).records
    assert before.content_hash == after.content_hash
    assert before.last_contact_at == datetime(2026, 7, 21, 13, 11, 2, 100_000, UTC)
    assert before.reported_at == datetime(2026, 7, 21, 6, 42, 10, 318_000, UTC)
    assert (after.last_contact_at, after.reported_at) == (None, None)


def test_smart_groups_do_not_enter_the_document() -> None:
    with_smart, without = page_of(
        computer(), computer(groupMemberships=computer()["groupMemberships"][:2])
    ).records
    assert with_smart.content_hash == without.content_hash


@pytest.mark.parametrize(
    ("general", "expected"),
    [
        ({"lastContact": "2026-01-02T03:04:05Z"}, 5),
        ({"lastContact": None, "lastCheckIn": "2026-01-02T03:04:06Z"}, 6),
        ({"lastContact": None, "lastCheckIn": None, "lastContactTime": "2026-01-02T03:04:07Z"}, 7),
    ],
)
def test_the_last_contact_is_found_under_each_versions_name(
    general: dict[str, Any], expected: int
) -> None:
    (record,) = page_of(computer(general=general)).records
    assert record.last_contact_at == datetime(2026, 1, 2, 3, 4, expected, tzinfo=UTC)


@pytest.mark.parametrize(
    ("general", "expected", "noted"),
    [
        (
            {"lastContact": "5251-12-17T21:33:23Z", "lastCheckIn": "2026-01-02T03:04:06Z"},
            datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
            (("last_contact_at", "5251-12-17T21:33:23Z"),),
        ),
        (
            {"lastContact": "2083-01-01T00:00:00Z", "lastCheckIn": "5251-12-17T21:33:23Z"},
            None,
            (("last_contact_at", "2083-01-01T00:00:00Z"),),
        ),
        (
            {"lastContact": "1970-01-01T00:00:00Z", "lastCheckIn": "2026-01-02T03:04:06Z"},
            datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
            (),
        ),
        (
            {"lastContact": "2026-01-02T03:04:06Z", "lastCheckIn": "2083-01-01T00:00:00Z"},
            datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
            (),
        ),
    ],
)
def test_case_i09_a_contact_of_the_future_says_nothing_and_the_next_best_counts(
    general: dict[str, Any], expected: datetime | None, noted: tuple[tuple[str, str], ...]
) -> None:
    (record,) = page_of(computer(general=general)).records
    assert record.last_contact_at == expected
    assert record.future_times == noted


def test_case_i09_a_report_of_the_future_is_unknown() -> None:
    (record,) = page_of(computer(general={"reportDate": "2083-01-01T00:00:00Z"})).records
    assert record.reported_at is None
    assert record.future_times == (("reported_at", "2083-01-01T00:00:00Z"),)


def test_an_hour_more_or_less_between_two_clocks_is_no_future() -> None:
    soon = datetime.now(UTC) + timedelta(hours=23)
    (record,) = page_of(computer(general={"lastContact": soon.isoformat()})).records
    assert record.last_contact_at == soon
    assert record.future_times == ()


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [(96, True), ("3", True), (-1, False), (0, False), (None, None), ("unknown", None)],
)
def test_of_a_battery_is_kept_whether_there_is_one(capacity: object, expected: bool | None) -> None:
    document = document_of(computer(hardware={"batteryCapacityPercent": capacity}))
    assert document["hardware"]["hasBattery"] is expected
    assert "batteryCapacityPercent" not in document["hardware"]


def test_the_state_of_charge_changes_no_document() -> None:
    full, used = page_of(
        computer(hardware={"batteryCapacityPercent": 100}),
        computer(hardware={"batteryCapacityPercent": 41}),
    ).records
    assert full.content_hash == used.content_hash


def test_a_field_the_server_does_not_know_equals_one_that_is_null() -> None:
    older = computer()
    del older["general"]["appleEnrollmentType"]
    missing, null = page_of(older, computer(general={"appleEnrollmentType": None})).records
    assert missing.content_hash == null.content_hash


@pytest.mark.parametrize("enrollment_type", ["user", "USER", "User"])
def test_of_a_personally_owned_mac_only_the_id_is_stored(enrollment_type: str) -> None:
    (record,) = page_of(computer(general={"appleEnrollmentType": enrollment_type})).records
    assert record.document == b'{"id":"412","personallyOwned":true}'
    assert (record.last_contact_at, record.reported_at) == (None, None)


@pytest.mark.parametrize(
    "section", ["general", "hardware", "operatingSystem", "userAndLocation", "groupMemberships"]
)
@pytest.mark.parametrize("is_present", [True, False])
def test_a_section_that_was_not_delivered_rejects_the_record(
    section: str, *, is_present: bool
) -> None:
    partial = computer()
    if is_present:
        partial[section] = None
    else:
        del partial[section]
    page = page_of(computer("1"), partial)
    assert [record.jamf_id for record in page.records] == ["1"]
    (rejected,) = page.rejected
    assert (rejected.jamf_id, rejected.reason) == ("412", RejectionReason.SECTION_MISSING)
    assert section in rejected.detail


def test_a_computer_in_no_group_at_all_is_no_missing_section() -> None:
    assert document_of(computer(groupMemberships=[]))["staticGroupIds"] == []


def test_every_scalar_may_be_null() -> None:
    def nulled(section: dict[str, Any]) -> dict[str, Any]:
        return dict.fromkeys(section)

    bare = {
        key: nulled(value) if isinstance(value, dict) else value
        for key, value in computer().items()
    }
    bare["udid"] = None
    assert document_of(bare)["hardware"]["serialNumber"] is None


@pytest.mark.parametrize(
    ("odd", "jamf_id", "reason"),
    [
        (None, None, RejectionReason.NOT_AN_OBJECT),
        ([1], None, RejectionReason.NOT_AN_OBJECT),
        ("x", None, RejectionReason.NOT_AN_OBJECT),
        ({}, None, RejectionReason.ID_MISSING),
        (computer(None), None, RejectionReason.ID_MISSING),
        (computer("  "), None, RejectionReason.ID_MISSING),
        (computer({"a": 1}), None, RejectionReason.WRONG_TYPE),
        (computer(True), None, RejectionReason.WRONG_TYPE),
        (computer(general={"name": ["x"]}), "412", RejectionReason.WRONG_TYPE),
        (computer(hardware=[]), "412", RejectionReason.WRONG_TYPE),
        (computer(groupMemberships=[None]), "412", RejectionReason.WRONG_TYPE),
        (computer(12, general={"supervised": "perhaps"}), "12", RejectionReason.WRONG_TYPE),
    ],
)
def test_an_unusable_record_is_rejected_and_its_neighbours_are_not(
    odd: Any, jamf_id: str | None, reason: RejectionReason
) -> None:
    page = page_of(computer("1"), odd, computer("2"))
    assert [record.jamf_id for record in page.records] == ["1", "2"]
    (rejected,) = page.rejected
    assert (rejected.jamf_id, rejected.reason) == (jamf_id, reason)
    assert (page.received, page.last_id) == (3, "2")


def test_the_reason_of_a_rejection_never_shows_the_value() -> None:
    (rejected,) = page_of(computer(userAndLocation={"email": ["private@example.org"]})).rejected
    assert rejected.detail == "userAndLocation.email: string_type"


def test_both_ways_to_read_a_page_yield_the_same_documents() -> None:
    records = [computer(str(number), udid=None) for number in range(1, 4)]
    records.append(computer(99, userAndLocation={"room": 314, "buildingId": 5}))
    fast = page_of(*records).records
    slow = page_of(*records, "unusable").records
    assert fast == slow
    assert json.loads(fast[-1].document)["userAndLocation"]["room"] == "314"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("a\x00b", "ab"),
        ("\x00", ""),
        ("a\ud800b", "a\ufffdb"),
        ("\udfff\x00", "\ufffd"),
        ("\\u0000 is text", "\\u0000 is text"),
        ("\N{GRINNING FACE}’", "\N{GRINNING FACE}’"),
        ("x" * 100_000, "x" * 100_000),
        ("x" * 1_000_000, "x" * 4_096),
    ],
)
def test_text_that_postgresql_cannot_store_is_mended_and_other_text_is_untouched(
    written: str, stored: str
) -> None:
    assert document_of(computer(general={"name": written}))["general"]["name"] == stored


def test_an_id_is_mended_in_the_record_as_in_its_document() -> None:
    (record,) = page_of(computer("4\x0012\ud800")).records
    assert record.jamf_id == "412\ufffd"
    assert json.loads(record.document)["id"] == record.jamf_id


def test_bytes_that_are_no_utf8_cost_no_record() -> None:
    body = json.dumps({"totalCount": 1, "results": [computer(udid="?")]}).encode()
    page = COMPUTER_READER.read_page(body.replace(b'"?"', b'"\xff"'))
    assert json.loads(page.records[0].document)["udid"] == "\ufffd"


@given(st.text(st.characters(), max_size=30))
def test_any_name_survives_and_stays_storable(name: str) -> None:
    stored = document_of(computer(general={"name": name}))["general"]["name"]
    assert "\x00" not in stored
    stored.encode()
    if name.isprintable():
        assert stored == name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><title>Sign in</title>",
        b'{"totalCount": 2, "results": [{"id"',
        b"\xff",
    ],
)
def test_a_body_that_is_no_json_is_told_from_one_of_the_wrong_shape(body: bytes) -> None:
    with pytest.raises(BodyNotJsonError):
        COMPUTER_READER.read_page(body)
    with pytest.raises(BodyNotJsonError):
        GROUP_READER.read_array(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'{"results": []}',
        b'{"totalCount": 3}',
        b'{"totalCount": "many", "results": []}',
        b'{"totalCount": true, "results": [7]}',
        b'{"totalCount": 3, "results": {}}',
        b'{"httpStatus": 500, "errors": []}',
    ],
)
def test_json_that_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(BodyShapeError):
        COMPUTER_READER.read_page(body)


def test_an_object_is_no_array() -> None:
    with pytest.raises(BodyShapeError):
        GROUP_READER.read_array(b'{"totalCount": 0, "results": []}')


def test_the_other_collections_are_stored_as_exactly_these_fields() -> None:
    extra = {"siteId": "7", "secret": 1}
    group = {"id": 1, "name": "All", "description": "", "smartGroup": True}
    building = {
        "id": "2",
        "name": "HQ",
        "streetAddress1": "Main St 1",
        "streetAddress2": None,
        "city": "Bern",
        "stateProvince": "BE",
        "zipPostalCode": "3000",
        "country": "CH",
    }
    department = {"id": "3", "name": "Data"}
    user = {
        "id": "5",
        "username": "priya.raman",
        "realname": "Priya Raman",
        "email": "p@example.org",
        "phone": None,
        "position": "",
    }

    (record,) = GROUP_READER.read_array(json.dumps([group | extra]).encode()).records
    assert json.loads(record.document) == group | {"id": "1"}
    for reader, item in (
        (BUILDING_READER, building),
        (DEPARTMENT_READER, department),
        (USER_READER, user),
    ):
        body = json.dumps({"totalCount": 1, "results": [item | extra], "hasNext": False}).encode()
        assert json.loads(reader.read_page(body).records[0].document) == item


def test_a_classic_user_is_stored_under_the_names_of_the_newer_interface() -> None:
    user = {
        "id": 5,
        "name": "priya.raman",
        "full_name": "Priya Raman",
        "email": "p@example.org",
        "email_address": "",
        "phone_number": "",
        "position": "Data Engineer",
        "links": {"computers": [{"id": 412}]},
        "extension_attributes": [{"value": "secret"}],
    }
    record = read_classic_user(json.dumps({"user": user}).encode())
    same = {
        "id": "5",
        "username": "priya.raman",
        "realname": "Priya Raman",
        "email": "p@example.org",
        "phone": "",
        "position": "Data Engineer",
    }
    (modern,) = USER_READER.read_page(
        json.dumps({"totalCount": 1, "results": [same]}).encode()
    ).records
    assert record == modern


def test_the_classic_user_list_yields_ids_and_names() -> None:
    body = b'{"users": [{"id": 5, "name": "a"}, {"id": "6", "name": null}, {"id": 7}]}'
    assert read_classic_users(body) == [("5", "a"), ("6", None), ("7", None)]
    for odd in (b'{"users": {}}', b"[]", b'{"users": [{"name": "a"}]}'):
        with pytest.raises(BodyShapeError):
            read_classic_users(odd)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-21T13:11:02.117Z", datetime(2026, 7, 21, 13, 11, 2, 117_000, UTC)),
        ("2026-07-21T13:11:02.1Z", datetime(2026, 7, 21, 13, 11, 2, 100_000, UTC)),
        ("2026-07-21T13:11:02Z", datetime(2026, 7, 21, 13, 11, 2, 0, UTC)),
        (" 2026-07-21T13:11:02Z ", datetime(2026, 7, 21, 13, 11, 2, 0, UTC)),
        ("2026-07-21T15:11:02.117+0200", datetime(2026, 7, 21, 13, 11, 2, 117_000, UTC)),
        ("2026-07-21 13:11:02", datetime(2026, 7, 21, 13, 11, 2, 0, UTC)),
        ("2026-07-21", datetime(2026, 7, 21, 0, 0, 0, 0, UTC)),
        ("1784639462117", datetime(2026, 7, 21, 13, 11, 2, 117_000, UTC)),
        ("1784639462", datetime(2026, 7, 21, 13, 11, 2, 0, UTC)),
        ("1970-01-01T00:00:00Z", None),
        ("0", None),
        ("0000000000000", None),
        ("", None),
        (None, None),
        ("soon", None),
        ("2026-13-41T99:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_dates_are_read_in_all_of_jamfs_forms(text: str | None, moment: datetime | None) -> None:
    assert parse_moment(text) == moment


def test_a_date_that_cannot_be_read_does_not_reject_the_record() -> None:
    (record,) = page_of(computer(general={"reportDate": "n/a"})).records
    assert record.reported_at is None
