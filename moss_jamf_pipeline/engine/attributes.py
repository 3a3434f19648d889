"""Extension attributes while computers are captured: asks JAMF which there are, and looks what changes by itself."""

import logging

import psycopg

from moss_jamf_pipeline.engine.extraction import Reading
from moss_jamf_pipeline.jamf import AttributeTaking, JamfClient
from moss_jamf_pipeline.moss.capture.attributes import (
    judge_changes,
    keep_definitions,
    note_counts,
    wanted_attributes,
)
from moss_jamf_pipeline.moss.capture.cadence import FULL
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.integration.integrations import Integration

logger = logging.getLogger(__name__)


async def read_attributes(
    client: JamfClient, connection: psycopg.Connection, integration: Integration
) -> AttributeTaking | None:
    """Reads and keeps the definitions, and says what is to be taken; None while attributes are off: nothing is asked.

    Raises:
        JamfPrivilegeMissing: these credentials may not read the definitions.
        JamfError: they could not be read.
    """
    if not integration.settings.reads_attributes:
        return None
    keep_definitions(connection, integration, await client.attribute_definitions())
    return known_taking(connection, integration)


def known_taking(
    connection: psycopg.Connection, integration: Integration
) -> AttributeTaking | None:
    """What is to be taken, by the definitions that are known; None while attributes are off."""
    if not integration.settings.reads_attributes:
        return None
    return AttributeTaking(wanted_attributes(connection, integration))


def look_at_capture(
    connection: psycopg.Connection,
    integration: Integration,
    capture: Capture,
    reading: Reading,
    taking: AttributeTaking,
) -> None:
    """Keeps on how many computers each attribute has a value, and stops comparing what changes by itself."""
    with connection.transaction():
        if reading.sweep == FULL and capture.is_complete:
            note_counts(connection, integration.id, taking.counts)
        if capture.changed and taking.wanted:
            for sentence in judge_changes(connection, integration, capture.capture_id):
                logger.warning("%s", sentence)
