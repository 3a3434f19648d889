"""Stages what is stored of some slots as typed rows, and looks whether the newest snapshot can be used."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.engine.checks import Finding, findings_of_snapshot, nothing_looked_at
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.scopes import snapshot_step
from moss_jamf_pipeline.engine.slots import slot_key
from moss_jamf_pipeline.moss.capture.attributes import count_unreadable
from moss_jamf_pipeline.moss.capture.snapshots import (
    Snapshot,
    held_back,
    stage_snapshot,
    staging_policies,
)
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.statements import Row

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StagedSlots:
    """What became of a collection.

    Attributes:
        collection: which.
        switched_off: why nothing was staged, as a sentence; None if it was.
        snapshots: of each capture that covers one of the slots, oldest first.
        held_back: what the newest of these keeps out, and why, commonest first.
    """

    collection: str
    switched_off: str | None = None
    snapshots: tuple[Snapshot, ...] = ()
    held_back: tuple[Row, ...] = ()


def stage(run: RunContext, collection: str, slots: Sequence[datetime]) -> StagedSlots:
    """Stages the captures that cover some slots; reads stored documents, never JAMF.

    Args:
        run: the run.
        collection: which.
        slots: the starts of the slots.

    Raises:
        NothingCaptured: a slot has no capture.
    """
    with run.step() as connection:
        if reason := run.integration.settings.switched_off(collection):
            run.note(*nothing_looked_at(snapshot_step(collection), reason))
            return StagedSlots(collection, switched_off=reason)
        covered = run.covered(collection, slots)
        if missing := [slot_key(slot) for slot in slots if slot not in covered]:
            raise NothingCaptured(
                f"No capture of JAMF's {collection} covers {', '.join(missing)}.",
                f"Materialise raw_jamf_{collection} for these slots.",
            )
        policies = staging_policies(connection, run.integration)
        snapshots = tuple(
            stage_snapshot(connection, run.integration.id, collection, capture_id, policies)
            for capture_id in sorted(set(covered.values()))
        )
        staged, newest = snapshots[-1], run.captures.get(collection)
        if policies.attributes and collection == CollectionName.COMPUTERS and staged.staged:
            for sentence in count_unreadable(connection, run.integration, staged.capture_id):
                logger.warning("%s", sentence)
        kept_out = (
            held_back(connection, run.integration.id, collection, staged.capture_id)
            if staged.keeps_something_out
            else []
        )
        is_newest = newest is not None and newest.capture_id == staged.capture_id
        run.note(*(_look(run, collection, kept_out) if is_newest else look(run, collection)))
        return StagedSlots(collection, snapshots=snapshots, held_back=tuple(kept_out))


def look(run: RunContext, collection: str) -> tuple[Finding, ...]:
    """What is so of the newest snapshot of a collection, as it is stored."""
    if reason := run.integration.settings.switched_off(collection):
        return nothing_looked_at(snapshot_step(collection), reason)
    newest = run.captures.get(collection)
    kept_out = (
        held_back(run.connection, run.integration.id, collection, newest.capture_id)
        if newest is not None
        else []
    )
    return _look(run, collection, kept_out)


def _look(run: RunContext, collection: str, kept_out: Sequence[Row]) -> tuple[Finding, ...]:
    return findings_of_snapshot(
        run.connection, run.integration.id, collection, run.captures.get(collection), kept_out
    )
