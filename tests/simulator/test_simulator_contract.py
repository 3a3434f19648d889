"""The simulator's answers keep to the interface descriptions that JAMF publishes.

JAMF really sends null for nearly every scalar and for sections that were not requested, although its description
hardly says so; `contracts` relaxes exactly that, and is stricter than the description about keys.
Needs JAMF_OPENAPI_DIR, a directory with `jamf-pro-openapi.json` and `jamf-classic-openapi.json`.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from moss_jamf_pipeline.simulator import SimulatorServer, mobile_devices
from moss_jamf_pipeline.simulator.sections import SECTIONS
from tests.simulator.clients import StartServer, client_of
from tests.simulator.contracts import Description, unknown_elements

DIRECTORY = os.environ.get("JAMF_OPENAPI_DIR")


def is_an_instant(value: object) -> bool:
    """Whether a value of format `date-time` is one in UTC, as JAMF writes it; null is judged by the type."""
    return not isinstance(value, str) or (
        value.endswith("Z") and datetime.fromisoformat(value).utcoffset() == timedelta(0)
    )


FORMATS = FormatChecker(formats=["date"])
FORMATS.checkers["date-time"] = (is_an_instant, ValueError)

pytestmark = pytest.mark.skipif(
    not DIRECTORY, reason="JAMF_OPENAPI_DIR names no directory with JAMF's interface descriptions"
)


def described(name: str) -> Description:
    assert DIRECTORY is not None
    return Description(Path(DIRECTORY) / name)


@pytest.fixture(scope="session")
def pro() -> Description:
    return described("jamf-pro-openapi.json")


@pytest.fixture(scope="session")
def classic() -> Description:
    return described("jamf-classic-openapi.json")


def differences(document: object, schema: dict[str, object]) -> list[str]:
    validator = Draft202012Validator(schema, format_checker=FORMATS)
    return [
        f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(document)
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/startup-status",
        "/v1/auth",
        "/v1/buildings",
        "/v1/computer-extension-attributes",
        "/v1/computer-groups",
        "/v1/departments",
        "/v1/groups",
        "/v1/health-status",
        "/v1/inventory-information",
        "/v1/jamf-pro-version",
        "/v1/sites",
        "/v1/users",
        "/v2/computer-groups/smart-groups",
        "/v2/computer-groups/static-groups",
        "/v2/groups",
        "/v2/jamf-pro-information",
        "/v2/mobile-devices",
        "/v3/computer-groups/smart-groups",
        "/v3/computer-groups/static-groups",
    ],
)
def test_listings_and_server_state_are_as_described(
    pro: Description, jamf: httpx.Client, path: str
) -> None:
    document = jamf.get(f"/api{path}", params={"page-size": 1000}).json()
    assert differences(document, pro.answer_schema(path)) == []


def test_mobile_devices_of_every_kind_are_as_described(
    pro: Description, jamf: httpx.Client
) -> None:
    path = "/v2/mobile-devices/detail"
    document = jamf.get(
        f"/api{path}",
        params={
            "page-size": 1000,
            "exception-handling": "LENIENT",
            "section": [*mobile_devices.SECTIONS.values()],
        },
    ).json()
    assert {record["deviceType"] for record in document["results"]} == {
        *("iOS", "tvOS", "watchOS", "visionOS")
    }
    assert differences(document, pro.answer_schema(path)) == []


@pytest.mark.parametrize(
    ("described_path", "path"),
    [
        ("/v1/users/{id}", "/v1/users/3"),
        (
            "/v3/computer-groups/smart-group-membership/{id}",
            "/v3/computer-groups/smart-group-membership/1",
        ),
        ("/v3/computer-groups/static-groups/{id}", "/v3/computer-groups/static-groups/40"),
    ],
)
def test_single_records_are_as_described(
    pro: Description, jamf: httpx.Client, described_path: str, path: str
) -> None:
    document = jamf.get(f"/api{path}").json()
    assert differences(document, pro.answer_schema(described_path)) == []


@pytest.mark.parametrize("answer", [1, 3, 4])
@pytest.mark.parametrize("sections", ["none", "all"])
def test_inventory_pages_are_as_described_in_every_version(
    pro: Description, jamf: httpx.Client, answer: int, sections: str
) -> None:
    """The whole odd fleet, with one section and with all: nulls, placeholders and -1 included."""
    wanted = [section.parameter for section in SECTIONS if answer <= section.last_answer]
    document = jamf.get(
        f"/api/v{answer}/computers-inventory",
        params={"page-size": 2000, "section": wanted if sections == "all" else ["GENERAL"]},
    ).json()
    assert len(document["results"]) == 250
    assert differences(document, pro.answer_schema(f"/v{answer}/computers-inventory")) == []


@pytest.mark.parametrize("answer", [1, 3, 4])
def test_inventory_details_are_as_described_in_every_version(
    pro: Description, jamf: httpx.Client, answer: int
) -> None:
    schema = pro.answer_schema(f"/v{answer}/computers-inventory-detail/{{id}}")
    for identifier in range(1, 30):
        document = jamf.get(f"/api/v{answer}/computers-inventory-detail/{identifier}").json()
        assert differences(document, schema) == []


@pytest.mark.parametrize(
    ("described_path", "path"),
    [
        ("/v4/computers-inventory/{id}", "/v4/computers-inventory/99999"),
        ("/v4/computers-inventory-detail/{id}", "/v4/computers-inventory-detail/99999"),
        ("/v3/computer-groups/static-groups/{id}", "/v3/computer-groups/static-groups/99999"),
    ],
)
def test_a_missing_record_is_told_as_described(
    pro: Description, jamf: httpx.Client, described_path: str, path: str
) -> None:
    answer = jamf.get(f"/api{path}")
    assert answer.status_code == 404
    assert differences(answer.json(), pro.answer_schema(described_path, status=404)) == []


def test_tokens_are_as_described(pro: Description, server: SimulatorServer) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    with httpx.Client(base_url=server.base_url) as client:
        granted = client.post("/api/v1/oauth/token", data=form).json()
        account = client.post("/api/v1/auth/token", auth=(server.username, server.password)).json()
        wrong = client.post("/api/v1/auth/token", auth=("nobody", "x")).json()
        refused = client.post("/api/v1/oauth/token", data={**form, "client_secret": "x"}).json()
        headers = {"Authorization": f"Bearer {account['token']}"}
        renewed = client.post("/api/v1/auth/keep-alive", headers=headers).json()
    assert differences(granted, pro.answer_schema("/v1/oauth/token", "post")) == []
    assert differences(account, pro.answer_schema("/v1/auth/token", "post")) == []
    assert differences(wrong, pro.answer_schema("/v1/auth/token", "post", 401)) == []
    assert differences(renewed, pro.answer_schema("/v1/auth/keep-alive", "post")) == []
    error_schema = pro.answer_schema("/v1/oauth/token", "post", 400)
    # `error_uri` is documented and optional; JAMF leaves it out.
    error_schema["required"] = ["error"]
    assert differences(refused, error_schema) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("users", "/JSSResource/users"),
        ("computer_groups", "/JSSResource/computergroups"),
        ("computer_group", "/JSSResource/computergroups/id/1"),
        ("computer_group", "/JSSResource/computergroups/id/40"),
    ],
)
def test_classic_answers_have_no_element_that_is_not_described(
    classic: Description, jamf: httpx.Client, name: str, path: str
) -> None:
    """Classic descriptions describe the XML, so it is the XML that is compared with them."""
    root = ET.fromstring(jamf.get(path).text)
    assert root.tag == name
    assert unknown_elements(root, classic.raw_schema(name)) == []


@pytest.mark.parametrize(
    ("name", "path", "undescribed"),
    [
        ("user", "/JSSResource/users/id/3", {"/user/managed_apple_id", "/user/user_groups"}),
        (
            "computer",
            "/JSSResource/computers/id/3",
            {
                "/computer/general/remote_management/management_username",
                "/computer/hardware/processor_architecture",
            },
        ),
    ],
)
def test_classic_answers_differ_where_the_description_is_known_to_be_wrong(
    classic: Description, jamf: httpx.Client, name: str, path: str, undescribed: set[str]
) -> None:
    """Live servers send two elements of a user that the description lacks; it misspells two of a computer."""
    root = ET.fromstring(jamf.get(path).text)
    assert set(unknown_elements(root, classic.raw_schema(name))) == {
        f"{element} is not described" for element in undescribed
    }


def test_a_newer_release_adds_exactly_three_keys(
    pro: Description, start_server: StartServer
) -> None:
    """11.32 knows who owns a Mac; the description is of 11.30.1."""
    schema = pro.answer_schema("/v4/computers-inventory-detail/{id}")
    with client_of(start_server(version="11.32.0")) as client:
        document = client.get("/api/v4/computers-inventory-detail/1").json()
    found = differences(document, schema)
    assert len(found) == 2
    assert any("appleEnrollmentType" in text and "awaitingConfiguration" in text for text in found)
    assert any("lockdownModeEnabled" in text for text in found)
