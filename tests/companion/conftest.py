"""Fixtures of the companion's tests: a released M.O.S.S. with people who are signed in, and the service over HTTP."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import bcrypt
import httpx
import psycopg
import pytest
import uvicorn
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from starlette.types import ASGIApp

from moss_jamf_pipeline.companion.application import build_application
from moss_jamf_pipeline.companion.identity.sessions import SessionReader
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.services.requested_runs import DagsterNotAsked, RunAtWork, StartOrder
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorConfig
from tests.db.support import Bench
from tests.support.auth_js import COOKIE, SECRET, session_of
from tests.support.databases import DatabaseServer
from tests.support.dialects import RELEASE, Dialect, as_people_see_it

if TYPE_CHECKING:
    from tests.companion.site import Site

API: Final = "/api/integrations/jamf"


@pytest.fixture(scope="session")
def dialect() -> Dialect:
    """The M.O.S.S. that has log-ins."""
    return RELEASE


@dataclass
class Starter:
    """Starts runs by noting them: what becomes of a run is not the companion's business.

    Attributes:
        orders: what it was asked to start.
        unended: runs that have not ended.
        is_away: whether Dagster does not answer.
    """

    orders: list[StartOrder] = field(default_factory=list)
    unended: list[RunAtWork] = field(default_factory=list)
    is_away: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at_work(self, slug: str) -> list[RunAtWork]:  # noqa: ARG002 - of one integration
        if self.is_away:
            raise DagsterNotAsked("The Dagster webserver does not answer.", "See that it runs.")
        return list(self.unended)

    def run_of(self, request_id: str) -> str | None:
        with self._lock:
            return next(
                (f"run-{i}" for i, o in enumerate(self.orders) if o.request_id == request_id), None
            )

    def start(self, order: StartOrder) -> str:
        with self._lock:
            self.orders.append(order)
            return f"run-{len(self.orders) - 1}"


@dataclass
class Moss:
    """A released M.O.S.S. and those who are signed in to it.

    Attributes:
        url: of its database.
        connection: to it, in autocommit mode, as its owner.
        users: role, or a name of its own, to id.
    """

    url: str
    connection: psycopg.Connection
    users: dict[str, UUID] = field(default_factory=dict)

    def add_user(self, name: str, role: str, *, is_active: bool = True) -> UUID:
        person = self._value(
            "insert into people (full_name, person_type) values (%s, 'employee') returning id", name
        )
        self.users[name] = self._value(
            """insert into users (person_id, email, password_hash, role, is_active)
               values (%s, %s, 'none', %s, %s) returning id""",
            *(person, f"{name}@example.com", role, is_active),
        )
        return self.users[name]

    def token(
        self,
        user: str,
        scopes: object,
        *,
        is_active: bool = True,
        expires_at: datetime | None = None,
    ) -> str:
        """Makes an API token as M.O.S.S. does, and returns it."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        token = "moss_" + "".join(secrets.choice(alphabet) for _ in range(32))
        self.connection.execute(
            """insert into api_tokens
                 (user_id, token_name, token_hash, token_prefix, scopes, is_active, expires_at)
               values (%s, %s, %s, %s, %s, %s, %s)""",
            (
                *(self.users[user], token[-6:]),
                bcrypt.hashpw(token.encode(), bcrypt.gensalt(4)).decode(),
                *(token[:10], Jsonb(scopes), is_active, expires_at),
            ),
        )
        return token

    def acts(self) -> list[dict[str, Any]]:
        """The log of what administrators did, oldest first."""
        rows = self.connection.execute(
            """select user_id, action, category, target_type, details, ip_address, user_agent
               from admin_audit_log order by created_at, id"""
        )
        names = [column.name for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _value(self, statement: str, *parameters: object) -> Any:
        row = self.connection.execute(statement.encode(), parameters).fetchone()
        assert row is not None
        return row[0]


@dataclass
class Companion:
    """The running service.

    Attributes:
        url: where it answers.
        moss: behind it.
        starter: what it starts runs with.
    """

    url: str
    moss: Moss
    starter: Starter

    def client(self, **headers: str) -> httpx.Client:
        """A client of nobody."""
        # Nobody is to fail because the machine is busy.
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60)

    def signed_in(self, user: str, *, session: str | None = None) -> httpx.Client:
        """A browser in which somebody is signed in to M.O.S.S., on a page of the same origin."""
        client = self.client(**{"Sec-Fetch-Site": "same-origin"})
        client.cookies.set(COOKIE, session or session_of(self.moss.users[user]))
        answer = client.get(f"{API}/session")
        if answer.status_code == httpx.codes.OK:
            client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    def bearer(self, token: str) -> httpx.Client:
        """A program with a token."""
        return self.client(Authorization=f"Bearer {token}")


@pytest.fixture
def moss(moss_database: str) -> Iterator[Moss]:
    """A M.O.S.S. with one log-in of each role, and one that is switched off."""
    with psycopg.connect(moss_database, autocommit=True) as connection:
        moss = Moss(moss_database, connection)
        for role in ("user", "admin", "super_admin"):
            moss.add_user(role, role)
        moss.add_user("deactivated", "super_admin", is_active=False)
        yield moss


@pytest.fixture
def bench(moss_database: str) -> Iterator[Bench]:
    """A bench on the test's own database."""
    database = MossDatabase(as_people_see_it(moss_database))
    with database.connection() as connection:
        yield Bench(connection, find_integration(connection), RELEASE)
    database.dispose()


@pytest.fixture
def starter() -> Starter:
    """What the service starts runs with."""
    return Starter()


@pytest.fixture
def companion(moss: Moss, starter: Starter) -> Iterator[Companion]:
    """The service, over HTTP."""
    settings = Settings(moss_database_url=SecretStr(moss.url))
    with (
        Workplace(settings) as workplace,
        served(Surroundings(workplace, starter, SessionReader(SECRET))) as url,
    ):
        yield Companion(url, moss, starter)


class _Server(uvicorn.Server):
    """Notices within a hundredth of a second that it is to stop, not within a tenth."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(0.01)


class serving:  # noqa: N801 - reads like a function
    """An application over HTTP, in a thread; yields its address."""

    def __init__(self, application: ASGIApp) -> None:
        config = uvicorn.Config(application, port=0, log_level="error", server_header=False)
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._started = threading.Event()

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            self._started.wait(0.01)
        (port,) = {
            socket.getsockname()[1] for each in self._server.servers for socket in each.sockets
        }
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)


def served(surroundings: Surroundings) -> serving:
    """The service with given surroundings, over HTTP."""
    return serving(build_application(surroundings))


def in_days(days: float) -> datetime:
    """A moment as M.O.S.S. keeps it: naive, in the zone of its database, which is UTC here."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(tzinfo=None)


def problem(response: httpx.Response) -> Mapping[str, Any]:
    """The problem that an answer is."""
    assert response.headers["content-type"] == "application/problem+json"
    document: Mapping[str, Any] = response.json()
    return document


@pytest.fixture(scope="session")
def whole_site(
    postgres_server: DatabaseServer, template_of: Callable[[Dialect], str]
) -> "Iterator[Site]":
    """A JAMF with a dozen Macs, a M.O.S.S. that was synced with it, and what opens the companion between them."""
    opened_site = import_module("tests.companion.site").opened_site  # which imports this module
    config = SimulatorConfig(computers=12, users=10, groups=4, oddities=0, version="11.32.0")
    with opened_site(postgres_server, template_of(RELEASE), config) as opened:
        yield opened


@pytest.fixture(name="site")
def _site(whole_site: "Site") -> "Iterator[Site]":
    """The same, in good order before and after the test."""
    yield whole_site
    whole_site.mend()
