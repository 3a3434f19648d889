"""Certificates of an own authority, and proxies: for every host, from the environment and from `.env`."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.engine.access import network_to
from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    JamfAuthoritiesUnusable,
    JamfClient,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.errors import ConnectionTrouble
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.jamf.support import QUICK, run
from tests.support.networks import OwnAuthority, own_authority, proxy_to

_ELSEWHERE = "jamf.example.test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    return own_authority(tmp_path_factory.mktemp("authority"), "localhost", _ELSEWHERE)


@pytest.fixture(scope="module")
def jamf(authority: OwnAuthority) -> Iterator[SimulatorServer]:
    config = SimulatorConfig(computers=1, host="localhost", certificate=authority.server)
    with SimulatorServer(config) as server:
        yield server


@pytest.fixture(scope="module")
def tls_port(jamf: SimulatorServer) -> int:
    return urlsplit(jamf.base_url).port or 0


def _version(jamf: SimulatorServer, base_url: str, settings: Settings) -> str:
    credentials = ClientCredentials(jamf.client_id, SecretStr(jamf.client_secret))
    client = JamfClient(base_url, credentials, limits=QUICK, network=network_to(base_url, settings))

    async def ask() -> str:
        async with client:
            return str(await client.server_version())

    return run(ask())


def _settings(directory: Path, **variables: object) -> Settings:
    """What a `.env` says."""
    file = directory / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    return Settings(_env_file=file)


def test_case_t09_an_own_authority_counts_for_this_machine_and_from_dotenv(
    jamf: SimulatorServer, authority: OwnAuthority, tls_port: int, tmp_path: Path
) -> None:
    base_url = jamf.base_url
    assert base_url == f"https://localhost:{tls_port}"
    with pytest.raises(JamfUnreachable, match="SSL_CERT_FILE") as unknown:
        _version(jamf, base_url, Settings())
    assert unknown.value.trouble is ConnectionTrouble.CERTIFICATE
    known = _settings(tmp_path, SSL_CERT_FILE=authority.certificate)
    assert _version(jamf, base_url, known).startswith("11.")


def test_the_environment_goes_before_dotenv(
    authority: OwnAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    settings = _settings(tmp_path, SSL_CERT_FILE="/nowhere.pem")
    assert network_to("https://jamf.example.test", settings).authorities == authority.certificate


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), ("not a certificate", "no certificate in PEM")]
)
def test_authorities_that_cannot_be_read_are_told_by_their_name(
    jamf: SimulatorServer, tls_port: int, tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(JamfAuthoritiesUnusable, match=reason) as told:
        _version(jamf, f"https://localhost:{tls_port}", _settings(tmp_path, SSL_CERT_FILE=file))
    assert str(file) in told.value.happened


def test_another_machine_is_reached_through_the_proxy_of_dotenv(
    jamf: SimulatorServer, authority: OwnAuthority, tls_port: int, tmp_path: Path
) -> None:
    with proxy_to(tls_port) as proxy:
        settings = _settings(
            tmp_path,
            HTTPS_PROXY=f"127.0.0.1:{proxy.port}",
            SSL_CERT_FILE=authority.certificate,
        )
        assert _version(jamf, f"https://{_ELSEWHERE}", settings).startswith("11.")
        assert set(proxy.asked) == {f"CONNECT {_ELSEWHERE}:443 HTTP/1.1"}
        proxy.asked.clear()
        assert _version(jamf, f"https://localhost:{tls_port}", settings).startswith("11.")
        assert proxy.asked == []


def test_case_t09_proxy_trouble_names_the_proxy_and_no_password(
    jamf: SimulatorServer, tls_port: int, tmp_path: Path
) -> None:
    base_url = f"https://{_ELSEWHERE}"
    with proxy_to(tls_port, refuses="407 Proxy Authentication Required") as proxy:
        place = f"127.0.0.1:{proxy.port}"
        refusing = _settings(tmp_path, HTTPS_PROXY=f"http://me:hush-hush@{place}")
        with pytest.raises(JamfUnreachable, match=f"through the proxy {place} .*407") as refused:
            _version(jamf, base_url, refusing)
    with pytest.raises(
        JamfUnreachable, match=f"cannot be reached through the proxy {place}"
    ) as away:
        _version(jamf, base_url, refusing)
    for told in (refused, away):
        assert "HTTPS_PROXY" in told.value.remedy
        assert "hush-hush" not in str(told.value)


def test_a_certificate_that_a_proxy_shows_is_told_so(
    jamf: SimulatorServer, tls_port: int, tmp_path: Path
) -> None:
    with proxy_to(tls_port) as proxy:
        settings = _settings(tmp_path, ALL_PROXY=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(JamfUnreachable, match=r"through the proxy .* does not verify") as told:
            _version(jamf, f"https://{_ELSEWHERE}", settings)
    assert "certificates of its own" in told.value.remedy


@pytest.mark.parametrize(
    ("no_proxy", "goes_round"),
    [
        *((name, True) for name in ("*", _ELSEWHERE, "example.test", ".example.test")),
        *((name, True) for name in ("a.test, JAMF.EXAMPLE.TEST",)),
        *((name, False) for name in ("", "ample.test", "x.jamf.example.test", "test.example")),
    ],
)
def test_what_no_proxy_names_is_reached_directly(
    tmp_path: Path, no_proxy: str, goes_round: bool
) -> None:
    settings = _settings(tmp_path, HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY=no_proxy)
    network = network_to(f"https://{_ELSEWHERE}", settings)
    assert (network.proxy is None) is goes_round
