"""The companion behind a real nginx and a real Apache, by the configuration that `moss-jamf serve --behind` prints."""

import gzip
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from moss_jamf_pipeline.cli.serve import app
from tests.companion.conftest import API, Companion, serving
from tests.companion.moss_pages import LINE, moss_pages
from tests.companion.site import Site
from tests.support.auth_js import COOKIE, session_of
from tests.support.programs import program


@pytest.fixture
def companion(site: Site) -> Iterator[Companion]:
    with site.companion() as companion:
        yield companion


def _nginx(printed: str, port: int, place: Path) -> list[str]:
    configuration = place / "nginx.conf"
    configuration.write_text(
        f"""daemon off; master_process off; pid {place}/pid; error_log stderr;
        events {{}}
        http {{
          access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
          fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
          gzip on; gzip_proxied any; gzip_min_length 1;
          server {{ listen 127.0.0.1:{port}; {printed} }}
        }}"""
    )
    return [program("nginx"), "-c", str(configuration), "-e", "stderr"]


_MODULES_OF_APACHE = (
    "mpm_event",
    "authz_core",
    "proxy",
    "proxy_http",
    "headers",
    "substitute",
    "filter",
    "deflate",
)


def _apache(printed: str, port: int, place: Path) -> list[str]:
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
        for name in _MODULES_OF_APACHE
    )
    configuration = place / "apache.conf"
    configuration.write_text(
        f"""{modules}
        ServerName 127.0.0.1
        Listen 127.0.0.1:{port}
        PidFile {place}/pid
        DefaultRuntimeDir {place}
        ErrorLog {place}/error.log
        <VirtualHost 127.0.0.1:{port}>
          AddOutputFilterByType DEFLATE text/html
          {printed}
        </VirtualHost>"""
    )
    return [program("apache2"), "-X", "-d", str(place), "-f", str(configuration)]


_PROXIES = {"nginx": _nginx, "apache": _apache}


@pytest.fixture(params=_PROXIES)
def proxied(companion: Companion, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a proxy in front of M.O.S.S.'s pages and the companion."""
    with serving(moss_pages()) as moss_url, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        at = urlsplit(companion.url)
        printed = CliRunner().invoke(
            app,
            [
                *("--behind", request.param, "--host", str(at.hostname), "--port", str(at.port)),
                *("--moss-at", urlsplit(moss_url).netloc),
            ],
        )
        assert printed.exit_code == 0, printed.output
        command = _PROXIES[request.param](printed.output, port, tmp_path)
        free.close()
        process = subprocess.Popen(command)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
        except OSError:
            continue
        return
    pytest.fail("the proxy did not start")


def test_the_proxy_adds_one_line_and_leads_our_paths_to_us(
    site: Site, companion: Companion, proxied: str
) -> None:
    client = httpx.Client(base_url=proxied, trust_env=False)
    page = client.get("/devices/1", headers={"Accept-Encoding": "gzip"})
    assert page.text.count(LINE) == 1
    assert f"{LINE}</head>" in page.text
    assert client.get("/_host/host.js").text.count("embed.js") == 0
    script = client.get("/jamf/embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert len(gzip.compress(script.content)) < 15_000
    client.cookies.set(COOKIE, session_of(site.moss.users["admin"]))
    fragment = client.get(f"/jamf/fragments/devices/{site.linked('device', '3')}")
    assert fragment.json()["kind"] == "device"
    # The token of a form, and where it comes from: the companion sees the host that the browser does.
    client.headers["Origin"] = proxied
    client.headers["X-CSRF-Token"] = client.get(f"{API}/session").json()["csrf_token"]
    assert client.post(f"{API}/sync-users").status_code == 202
    (act,) = companion.moss.acts()[-1:]
    assert act["ip_address"] == "127.0.0.1"


@pytest.mark.parametrize("proxy", ["nginx", "caddy", "apache"])
def test_what_is_printed_is_about_this_installation(proxy: str) -> None:
    arguments = ["--behind", proxy, "--host", "0.0.0.0", "--port", "8123", "--moss-at", "moss:9000"]
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0
    assert "127.0.0.1:8123" in printed.output
    assert "moss:9000" in printed.output
    assert ":3100" not in printed.output
    assert ":3000" not in printed.output
    assert "/jamf/embed.js" in printed.output
