"""What the companion works in: opened once, shared by all requests."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from moss_jamf_pipeline.companion.identity.failures import FailedLogIns
from moss_jamf_pipeline.companion.identity.sessions import SessionReader
from moss_jamf_pipeline.companion.identity.webhook_gate import WebhookGate
from moss_jamf_pipeline.services.jamf_now import JamfNow
from moss_jamf_pipeline.services.requested_runs import RunStarter
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an application is built around.

    Attributes:
        workplace: the M.O.S.S. database and the environment.
        starter: starts the runs that people ask for.
        sessions: reads M.O.S.S.'s sessions; None: its secret is not known, and only tokens count.
        failed_log_ins: of the last minute.
        shows_inventory: whether pages of ours stand in for M.O.S.S.'s own, as in the demo.
        jamf: asks JAMF while people wait.
        webhook_gate: how many of JAMF's calls are let in.
    """

    workplace: Workplace
    starter: RunStarter
    sessions: SessionReader | None = None
    failed_log_ins: FailedLogIns = field(default_factory=FailedLogIns)
    shows_inventory: bool = False
    jamf: JamfNow = field(default_factory=JamfNow)
    webhook_gate: WebhookGate = field(default_factory=WebhookGate)


def surroundings_of(request: Request) -> Surroundings:
    """What the application of a request was built around."""
    return cast("Surroundings", request.app.state.surroundings)


def _workplace(request: Request) -> Workplace:
    return surroundings_of(request).workplace


def _starter(request: Request) -> RunStarter:
    return surroundings_of(request).starter


def _jamf(request: Request) -> JamfNow:
    return surroundings_of(request).jamf


def _choice(
    request: Request,
    integration: Annotated[
        str | None,
        Query(
            max_length=255,
            description="Name of the integration in M.O.S.S.; needed where several JAMF servers are synced.",
        ),
    ] = None,
) -> IntegrationChoice:
    """Which integration a request is about.

    Raises:
        SettingsContradictory: there are several and none is named, or none of this name.
    """
    return _workplace(request).settings.naming(integration).integration


WorkplaceNeeded = Annotated[Workplace, Depends(_workplace)]
JamfNowNeeded = Annotated[JamfNow, Depends(_jamf)]
StarterNeeded = Annotated[RunStarter, Depends(_starter)]
ChoiceNeeded = Annotated[IntegrationChoice, Depends(_choice)]
