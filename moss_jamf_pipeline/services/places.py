"""Which database is written and which JAMF server is read, in words: nobody is to work on the wrong ones unnoticed."""

from dataclasses import dataclass

from moss_jamf_pipeline.engine.databases import (
    MOSS_VARIABLE,
    embedded_postgres,
    given_moss_url,
    place_of,
)
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.explanations import explanation_of
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Places:
    """Where a command works.

    Attributes:
        database: of M.O.S.S.
        jamf: the JAMF Pro server, and who says so.
    """

    database: str
    jamf: str

    @property
    def sentence(self) -> str:
        """Both."""
        return f"Database: {self.database}. JAMF Pro: {self.jamf}."


def places_of(settings: Settings) -> Places:
    """Names both. Creates nothing, and asks JAMF nothing; what cannot be found out now is said so.

    Args:
        settings: the environment, naming the integration that is meant.

    Raises:
        DatabaseUrlError: MOSS_DATABASE_URL is malformed.
    """
    url = given_moss_url(settings)
    database = (
        f"the embedded PostgreSQL in {embedded_postgres(settings).status().directory}"
        if url is None
        else place_of(url, MOSS_VARIABLE)
    )
    return Places(database, scrubbed(_jamf(settings)))


def _jamf(settings: Settings) -> str:
    if settings.jamf_base_url is not None:
        if settings.is_simulated_by_up:
            return f"{settings.jamf_base_url} (simulated by `moss-jamf up`)"
        through = ", the platform gateway" if settings.jamf_connection == "platform" else ""
        return f"{settings.jamf_base_url} (JAMF_BASE_URL{through})"
    try:
        with (
            Workplace(settings) as workplace,
            workplace.reading(settings.integration) as (_, integration),
        ):
            saved, name = integration.route, integration.name
    except Exception as error:
        if explanation_of(error) is None:
            raise
        return "not known yet"
    if saved.base_url is None:
        return "none is configured"
    return f"{saved.connection.told(saved.base_url)} (saved in M.O.S.S. with {name!r})"
