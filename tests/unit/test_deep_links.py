"""Templates of the addresses of JAMF's pages."""

import pytest
from pydantic import ValidationError

from moss_jamf_pipeline.moss.integration.deep_links import DeepLinks

_SERVER = "https://acme.jamfcloud.com"


def test_an_id_and_a_server_are_put_where_they_belong() -> None:
    links = DeepLinks()
    assert links.address("device", "12", _SERVER) == f"{_SERVER}/computers.html?id=12&o=r"
    assert links.address("static_group", "5", f"{_SERVER}:8443/jamf") == (
        f"{_SERVER}:8443/jamf/staticComputerGroups.html?id=5&o=r"
    )
    # A JAMF on this machine, as the simulator is, has no https.
    assert links.address("person", "1", "http://127.0.0.1:1234").startswith(
        "http://127.0.0.1:1234/"
    )


@pytest.mark.parametrize(
    "jamf_id", ["1&o=u", "../x", '"><script>', "a b", "{id}", "{jamf-instance}"]
)
def test_no_id_gets_out_of_its_place(jamf_id: str) -> None:
    address = DeepLinks().address("device", jamf_id, _SERVER)
    shown = address.removeprefix(f"{_SERVER}/computers.html?id=").removesuffix("&o=r")
    assert not set(shown) & set('&/"<> {}')


def test_the_strategy_s_own_words_and_what_moss_escaped_are_understood() -> None:
    links = DeepLinks.model_validate(
        {"device": "https:&#x2F;&#x2F;{jamf-instance}&#x2F;mac?id={jamf_computer_id}&amp;o=r"}
    )
    assert links.address("device", "7", _SERVER) == f"{_SERVER}/mac?id=7&o=r"


@pytest.mark.parametrize(
    "template",
    [
        "http://{jamf-instance}/x?id={id}",
        "javascript:alert({id})",
        "https://{jamf-instance}/x",
        "https://{jamf-instance}/{id}/{id}",
        "https://{jamf-instance}/{id}?x={secret}",
        "https://{id}.example/x",
        "https://user@example.org/{id}",
        "https:///{id}",
        'https://example.org/{id}"onclick=',
        "https://example.org/{id} x",
        "https://example.org/{id}" + "x" * 1_000,
        7,
        None,
    ],
)
def test_what_is_no_safe_template_is_refused(template: object) -> None:
    with pytest.raises(ValidationError):
        DeepLinks.model_validate({"device": template})
