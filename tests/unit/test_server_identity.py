"""How a JAMF server is named, so that another one is noticed and a new spelling is not."""

import pytest

from moss_jamf_pipeline.jamf.connections import server_identity


@pytest.mark.parametrize(
    ("base_url", "identity"),
    [
        ("https://example.jamfcloud.com", "example.jamfcloud.com"),
        ("https://Example.JamfCloud.com", "example.jamfcloud.com"),
        ("https://example.jamfcloud.com:443", "example.jamfcloud.com"),
        ("https://example.jamfcloud.com/", "example.jamfcloud.com"),
        ("https://jamf.example.org:8443", "jamf.example.org:8443"),
        ("https://[2001:db8::7]:8443", "2001:db8::7:8443"),
        ("http://127.0.0.1:51234", "loopback"),
        ("http://localhost:8080", "loopback"),
        ("http://[::1]:9", "loopback"),
    ],
)
def test_a_server_is_its_host_and_an_unusual_port(base_url: str, identity: str) -> None:
    assert server_identity(base_url) == identity


def test_two_servers_on_one_host_differ() -> None:
    assert server_identity("https://jamf.example.org:8443") != server_identity(
        "https://jamf.example.org:9443"
    )


def test_credentials_in_the_address_are_no_part_of_the_name() -> None:
    assert "s3cret" not in server_identity("https://user:s3cret@jamf.example.org")
