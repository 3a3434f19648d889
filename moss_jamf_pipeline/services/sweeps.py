"""How the next scheduled sync will capture the computers, and what it will see of them: for `status` and `doctor`."""

from dataclasses import replace
from datetime import datetime

import psycopg

from moss_jamf_pipeline.engine.schedule import next_sync
from moss_jamf_pipeline.jamf import computer_document_shape
from moss_jamf_pipeline.moss.capture.attributes import wanted_attributes
from moss_jamf_pipeline.moss.capture.cadence import (
    INCREMENTAL,
    UNSEEN,
    SweepChoice,
    possible_sweep,
    sweep_standing,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration

_SECONDS_PER_HOUR = 3_600


def next_sweep(
    connection: psycopg.Connection, integration: Integration, now: datetime
) -> SweepChoice:
    """A full sweep or an incremental capture, as far as can be told without asking JAMF.

    Args:
        connection: to a prepared database.
        integration: which.
        now: aware; a sync that is not scheduled is taken to start then.
    """
    standing = sweep_standing(connection, integration.id)
    following = next_sync(integration, now)
    if standing is not None and standing.full_age_hours is not None and following.at is not None:
        ahead = (following.at - now).total_seconds() / _SECONDS_PER_HOUR
        standing = replace(standing, full_age_hours=standing.full_age_hours + ahead)
    return possible_sweep(
        standing,
        full_sweep_hours=integration.settings.full_sweep_hours,
        is_scoped=bool(integration.scope_groups),
        document_shape=computer_document_shape(wanted_attributes(connection, integration)),
    )


def what_it_sees(choice: SweepChoice) -> str:
    """What a capture of this kind sees, as a sentence."""
    if choice.kind == INCREMENTAL:
        return (
            "It sees who is new, gone or reported, and edits of name, asset tag, barcodes, site and management; not, "
            f"until the next full sweep or the Mac's next report: {UNSEEN}."
        )
    return "It sees everything."
