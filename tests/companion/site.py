"""A JAMF with some Macs, a released M.O.S.S. that was synced with it, and the companion between them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from moss_jamf_pipeline.companion.application import build_application
from moss_jamf_pipeline.companion.identity.sessions import SessionReader
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.sync import sync
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.companion.conftest import Companion, Moss, Starter, serving
from tests.support.auth_js import SECRET
from tests.support.databases import DatabaseServer

PERSONAL = "7"
"""The computer that was personally owned when the sync saw it."""


class Refusing:
    """Refuses what the API role may not read: sections of a computer, and notes what was asked.

    Attributes:
        sections: refused.
        asked: the sections of each request for one computer.
    """

    def __init__(self) -> None:
        self.sections: set[str] = set()
        self.asked: list[set[str]] = []

    def around(self, application: ASGIApp) -> ASGIApp:
        async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and "/computers-inventory/" in scope["path"]:
                query = scope["query_string"].decode()
                wanted = {part.partition("=")[2] for part in query.split("&")}
                self.asked.append(wanted)
                if wanted & self.sections:
                    body = (
                        b'{"httpStatus":403,"errors":[{"code":"INVALID_PRIVILEGE","field":null,'
                        b'"description":"The client lacks View Security","id":"0"}]}'
                    )
                    headers = [(b"content-type", b"application/json")]
                    await send({"type": "http.response.start", "status": 403, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
                    return
            await application(scope, receive, send)

        return refusing


@dataclass
class Site:
    """See the module.

    Attributes:
        moss: the M.O.S.S.
        jamf: the simulated server.
        settings: of the pipeline and the companion.
        refusing: stands before the server.
    """

    moss: Moss
    jamf: SimulatorServer
    settings: Settings
    refusing: Refusing

    def linked(self, internal_type: str, external_id: str) -> UUID:
        """The M.O.S.S. object that a record of JAMF's is linked to."""
        row = self.moss.connection.execute(
            "select internal_id from integration_object_mappings where internal_type = %s and external_id = %s",
            (internal_type, external_id),
        ).fetchone()
        assert row is not None
        found: UUID = row[0]
        return found

    def mend(self) -> None:
        """Makes JAMF answer as before, and forgets what was asked of it."""
        self.jamf.clear_faults()
        self.jamf.reset_requests()
        self.refusing.sections.clear()
        self.refusing.asked.clear()

    @contextmanager
    def companion(
        self,
        around: Callable[[ASGIApp], ASGIApp] | None = None,
        starter: Starter | None = None,
        **changed: object,
    ) -> Iterator[Companion]:
        """The companion, that has asked nothing yet; with something around it, e.g. M.O.S.S.'s pages."""
        starter = starter or Starter()
        settings = self.settings.model_copy(update=changed)
        with Workplace(settings) as workplace:
            surroundings = Surroundings(workplace, starter, SessionReader(SECRET))
            application: ASGIApp = build_application(surroundings)
            with serving(around(application) if around else application) as url:
                yield Companion(url, self.moss, starter)
            surroundings.jamf.close()


@contextmanager
def opened_site(server: DatabaseServer, template: str, config: SimulatorConfig) -> Iterator[Site]:
    """Opens a site that was synced once; one of its computers is personally owned."""
    name = server.create("moss", template=template)
    url = server.url_of(name)
    refusing = Refusing()
    try:
        with (
            SimulatorServer(config, around=refusing.around) as jamf,
            psycopg.connect(url, autocommit=True, row_factory=tuple_row) as connection,
        ):
            settings = Settings(
                moss_database_url=SecretStr(url),
                jamf_base_url=jamf.base_url,
                jamf_client_id=jamf.client_id,
                jamf_client_secret=SecretStr(jamf.client_secret),
            )
            moss = Moss(url, connection)
            for role in ("user", "admin", "super_admin"):
                moss.add_user(role, role)
            database = MossDatabase(url)
            sync(SCOPES["everything"], database, settings)
            # A linked Mac whose owner made it theirs.
            jamf.fleet.computers[PERSONAL].apple_enrollment_type = "user"
            sync(SCOPES["computers"], database, settings)
            database.dispose()
            jamf.reset_requests()
            yield Site(moss, jamf, settings, refusing)
    finally:
        server.drop(name)
