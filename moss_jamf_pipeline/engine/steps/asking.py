"""Asks JAMF Pro whether it answers, before anything is captured: when it is away, a run ends here, once."""

import asyncio
from dataclasses import dataclass

from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.jamf import JamfClient


@dataclass(frozen=True, slots=True)
class Server:
    """A JAMF Pro server that answers and takes the credentials.

    Attributes:
        base_url: where it is.
        version: as it reports it.
    """

    base_url: str
    version: str


def ask_server(run: RunContext, clients: JamfClients) -> Server:
    """Asks for the version.

    Raises:
        ConfigurationMissing: no server or no credentials are configured.
        CredentialsUnreadable: credentials are saved in M.O.S.S. and cannot be read.
        JamfError: it does not answer, or refuses.
    """
    with run.step() as connection:
        client = clients.client(run.settings, run.integration, connection)
        return Server(client.base_url, asyncio.run(_ask_version(client)))


async def _ask_version(client: JamfClient) -> str:
    async with client:
        return str(await client.server_version())
