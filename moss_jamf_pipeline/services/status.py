"""How an integration stands: what is stored, what is open, what is held, what ran last and what runs next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.engine.schedule import next_sync
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.moss.capture.cadence import SweepChoice
from moss_jamf_pipeline.moss.capture.captures import Capture, newest_captures
from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts_by_kind
from moss_jamf_pipeline.moss.plan.guard import HeldChanges, held_changes
from moss_jamf_pipeline.moss.statements import fetch_one
from moss_jamf_pipeline.services.automation import look_at_automation
from moss_jamf_pipeline.services.credentials_expiry import CredentialsExpiry, expiry_of
from moss_jamf_pipeline.services.history import SyncRun
from moss_jamf_pipeline.services.pages import record
from moss_jamf_pipeline.services.plans import PlanFacts
from moss_jamf_pipeline.services.sweeps import next_sweep
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class CollectionStatus:
    """What is stored of a JAMF collection.

    Attributes:
        collection: e.g. `computers`.
        capture: the newest usable one; None: there is none.
        switched_off: why it is not captured, as a sentence; None: it is.
    """

    collection: str
    capture: Capture | None
    switched_off: str | None


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """What runs next by itself.

    Attributes:
        slot: the key of the slot that contains now.
        cron: the schedule in M.O.S.S., UTC.
        next_tick: when a sync is due next; None: never, as things are.
        why_not: why never, as a sentence; empty if one will be.
        daemon_is_running: whether a daemon is there that would start it.
        is_switched_off: whether somebody switched off the sensor that follows the schedule.
    """

    slot: str
    cron: str
    next_tick: datetime | None
    why_not: str
    daemon_is_running: bool
    is_switched_off: bool


@dataclass(frozen=True, slots=True)
class IntegrationStatus:
    """How an integration stands.

    Attributes:
        integration: its name.
        environment: development, staging or production.
        enabled: whether it may be synced at all.
        scope_groups: the JAMF groups to which computers must belong to be synced; empty: all are.
        collections: what is stored, in the order in which it is pulled.
        next_sweep: how the next scheduled sync captures computers.
        plan: the newest plan, what-ifs left out.
        held: what the guard holds of it.
        last_run: the latest run that was to write M.O.S.S.
        open_conflicts: how many conflicts of each kind are open, the commonest first.
        schedule: what runs next.
        credentials: when those for JAMF end; None: it is not known, or they do not end by themselves.
    """

    integration: str
    environment: str
    enabled: bool
    scope_groups: tuple[str, ...]
    collections: tuple[CollectionStatus, ...]
    next_sweep: SweepChoice
    plan: PlanFacts | None
    held: tuple[HeldChanges, ...]
    last_run: SyncRun | None
    open_conflicts: Mapping[str, int]
    schedule: ScheduleStatus
    credentials: CredentialsExpiry | None


def integration_status(workplace: Workplace, choice: IntegrationChoice) -> IntegrationStatus:
    """How an integration stands now.

    Raises:
        DatabaseUnreachableError: Dagster's database does not answer.
    """
    now = datetime.now(UTC)
    with workplace.reading(choice) as (connection, integration):
        plan = _newest_plan(connection, integration)
        runs = recent_history(connection, integration.id, limit=1)
        return IntegrationStatus(
            integration=integration.name,
            environment=integration.environment,
            enabled=integration.is_enabled,
            scope_groups=integration.scope_groups,
            collections=_collections(connection, integration),
            next_sweep=next_sweep(connection, integration, now),
            plan=plan,
            held=() if plan is None else held_changes(connection, plan.plan_id),
            last_run=record(SyncRun, runs[0]) if runs else None,
            open_conflicts=open_conflicts_by_kind(connection, integration.id),
            schedule=_schedule(workplace, choice, integration, now),
            credentials=expiry_of(connection, workplace.settings, integration, now.date()),
        )


def _newest_plan(connection: psycopg.Connection, integration: Integration) -> PlanFacts | None:
    newest = fetch_one(connection, "plan/newest_plan", {"integration_id": integration.id})
    row = None if newest is None else fetch_one(connection, "plan/plan_by_id", newest)
    return None if row is None else record(PlanFacts, row)


def _collections(
    connection: psycopg.Connection, integration: Integration
) -> tuple[CollectionStatus, ...]:
    captures = newest_captures(connection, integration.id, with_targeted=False)
    # Nothing is said of what is optional and nobody ever switched on.
    return tuple(
        CollectionStatus(
            collection.name.value,
            captures.get(collection.name),
            integration.settings.switched_off(collection.name),
        )
        for collection in COLLECTIONS
        if collection.name in captures
        or not collection.is_optional
        or integration.settings.switched_off(collection.name) is None
    )


def _schedule(
    workplace: Workplace, choice: IntegrationChoice, integration: Integration, now: datetime
) -> ScheduleStatus:
    following = next_sync(integration, now)
    automation = look_at_automation(workplace.settings, choice.slug, now)
    return ScheduleStatus(
        slot=slot_key_at(now),
        cron=integration.schedule,
        next_tick=following.at,
        why_not=following.why_not,
        daemon_is_running=automation.daemon_is_running,
        is_switched_off=automation.is_switched_off,
    )
