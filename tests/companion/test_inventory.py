"""The demo's own pages, which stand in for M.O.S.S.'s: only where they are asked for, and safe with any name."""

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.companion.identity.sessions import SessionReader
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import Companion, Moss, Starter, served
from tests.db.support import Bench
from tests.support.auth_js import COOKIE, SECRET, session_of
from tests.support.hostile_names import HOSTILE_NAMES


@pytest.fixture
def client(moss: Moss, starter: Starter) -> Iterator[httpx.Client]:
    """Somebody who is signed in, where the pages are served."""
    with (
        Workplace(Settings(moss_database_url=SecretStr(moss.url))) as workplace,
        served(
            Surroundings(workplace, starter, SessionReader(SECRET), shows_inventory=True)
        ) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        client.cookies.set(COOKIE, session_of(moss.users["user"]))
        yield client


def test_objects_are_listed_found_and_shown_with_the_script_in_their_pages(
    client: httpx.Client, bench: Bench
) -> None:
    device = bench.linked_device("1", serial_number="SERIAL1", hostname="mac-of-ada")
    for address in ("/", "/devices", "/devices?q=serial1"):
        assert f"/devices/{device}" in client.get(address).text
    assert f"/devices/{device}" not in client.get("/devices?q=elsewhere").text
    page = client.get(f"/devices/{device}")
    assert page.status_code == 200
    for part in (
        '<script defer src="/jamf/embed.js"></script>',
        'role="tablist"',
        'data-tab-id="overview"',
        'id="tabpanel-overview"',
        "SERIAL1",
    ):
        assert part in page.text
    assert client.get("/people").status_code == client.get("/groups").status_code == 200
    assert client.get("/devices/00000000-0000-4000-8000-000000000000").status_code == 404


def test_any_name_is_text(client: httpx.Client, bench: Bench) -> None:
    for number, name in enumerate(HOSTILE_NAMES):
        bench.linked_device(str(number), serial_number=f"SERIAL{number}", hostname=name[:60])
    text = client.get("/devices").text
    assert "<script>" not in text
    assert "<img" not in text


def test_they_are_for_whoever_is_signed_in_and_nowhere_else_by_default(
    client: httpx.Client, companion: Companion
) -> None:
    client.cookies.clear()
    assert client.get("/devices").status_code == 401
    assert companion.signed_in("user").get("/devices").status_code == 404
