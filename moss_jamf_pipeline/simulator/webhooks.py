"""Webhooks of the simulated server: who is called at which event, and the calls, made as JAMF Pro makes them.

Each event is sent once, five seconds are given to connect and two to answer, and whoever does not take it misses it.
Calls go out in the background: what happened in the fleet waits for nobody.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

import httpx
from pydantic import BaseModel, Field, SecretStr

from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Computer

_TIMEOUT: Final = httpx.Timeout(2.0, connect=5.0)
_AT_A_TIME: Final = 8

EventName = Literal["ComputerAdded", "ComputerInventoryCompleted", "ComputerCheckIn"]
"""What a simulated fleet does that JAMF tells of."""


class Webhook(BaseModel):
    """Who is called.

    Attributes:
        url: the address.
        events: at which events; JAMF has a webhook for each.
        content_type: JAMF's default is XML.
        header: header authentication: names and values.
        username: basic authentication; empty: none.
        password: of it.
    """

    url: str = Field(pattern="^https?://")
    events: tuple[EventName, ...] = ("ComputerAdded", "ComputerInventoryCompleted")
    content_type: Literal["application/json", "text/xml"] = "text/xml"
    header: dict[str, SecretStr] = Field(default_factory=dict)
    username: str = ""
    password: SecretStr = SecretStr("")


class WebhookReport(BaseModel):
    """What is registered, and what became of the calls since.

    Attributes:
        webhooks: who is called, without secrets.
        answers: how many calls were answered with which status.
        unanswered: how many came to nothing.
        under_way: how many have not ended.
    """

    webhooks: list[Webhook]
    answers: dict[int, int]
    unanswered: int
    under_way: int


class Event(BaseModel):
    """Something that happened.

    Attributes:
        name: what.
        computer: to which computer, as events show it.
        at: when, in milliseconds since 1970.
    """

    name: EventName
    computer: dict[str, Any]
    at: int


class FleetWatch:
    """Tells what happened to a fleet, from how it was.

    Args:
        fleet: as it is now; ask `events` when it has changed.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        with fleet.lock:
            self._before = {
                computer.id: (computer.report_date, computer.last_check_in)
                for computer in fleet.computers.values()
            }

    def events(self) -> Iterator[Event]:
        """What JAMF tells of it."""
        fleet = self._fleet
        with fleet.lock:
            computers = list(fleet.computers.values())
        for computer in computers:
            reported, checked_in = self._before.get(computer.id, (None, None))
            if computer.id not in self._before:
                yield _event("ComputerAdded", computer, fleet.now_milliseconds)
            elif computer.report_date != reported:
                yield _event("ComputerInventoryCompleted", computer, computer.report_date)
            if computer.last_check_in not in (checked_in, None):
                yield _event("ComputerCheckIn", computer, computer.last_check_in)


class WebhookSender:
    """Calls who is registered; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._webhooks: list[Webhook] = []
        self._answers: Counter[int] = Counter()
        self._unanswered = 0
        self._under_way = 0
        self._pool: ThreadPoolExecutor | None = None

    def register(self, webhook: Webhook) -> None:
        """Adds one."""
        with self._lock:
            self._webhooks.append(webhook)

    def clear(self) -> None:
        """Takes all away."""
        with self._lock:
            self._webhooks.clear()

    def report(self) -> WebhookReport:
        """What is registered, and what became of the calls."""
        with self._lock:
            return WebhookReport(
                webhooks=list(self._webhooks),
                answers=dict(self._answers),
                unanswered=self._unanswered,
                under_way=self._under_way,
            )

    def send(self, events: Iterable[Event]) -> None:
        """Calls who is to be told of the events, in the background."""
        with self._lock:
            calls = [
                (webhook, event)
                for event in (events if self._webhooks else ())
                for webhook in self._webhooks
                if event.name in webhook.events
            ]
            if calls and self._pool is None:
                self._pool = ThreadPoolExecutor(_AT_A_TIME, "jamf-pro-webhooks")
            self._under_way += len(calls)
            for number, (webhook, event) in enumerate(calls):
                if self._pool is not None:
                    self._pool.submit(self._call, number, webhook, event)

    def _call(self, number: int, webhook: Webhook, event: Event) -> None:
        status = _post(number, webhook, event)
        with self._lock:
            self._under_way -= 1
            if status is None:
                self._unanswered += 1
            else:
                self._answers[status] += 1


def _post(number: int, webhook: Webhook, event: Event) -> int | None:
    """Makes a call; the status of its answer, None if none came in time."""
    document = document_of(number, event)
    content = (
        json.dumps(document)
        if webhook.content_type == "application/json"
        else f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{_xml("JSSEvent", document)}'
    )
    headers = {name: value.get_secret_value() for name, value in webhook.header.items()}
    auth = (
        httpx.BasicAuth(webhook.username, webhook.password.get_secret_value())
        if webhook.username
        else None
    )
    try:
        return httpx.post(
            webhook.url,
            content=content.encode(),
            headers={**headers, "Content-Type": webhook.content_type},
            auth=auth,
            timeout=_TIMEOUT,
            trust_env=False,
        ).status_code
    except httpx.HTTPError:
        return None


def document_of(number: int, event: Event) -> dict[str, Any]:
    """An event as JAMF sends it."""
    nested = event.name == "ComputerCheckIn"
    return {
        "webhook": {
            "id": number + 1,
            "name": "moss",
            "webhookEvent": event.name,
            "eventTimestamp": event.at,
        },
        "event": {"computer": event.computer, "trigger": "CLIENT_CHECKIN", "username": ""}
        if nested
        else event.computer,
    }


def _event(name: EventName, computer: Computer, at: int | None) -> Event:
    return Event(name=name, computer=_shown(computer), at=at or 0)


def _shown(computer: Computer) -> dict[str, Any]:
    """A computer as events show it: texts, empty where unset, and the id as a number."""
    texts = {
        "udid": computer.udid,
        "deviceName": computer.name,
        "model": computer.model.identifier,
        "macAddress": computer.mac_address,
        "alternateMacAddress": computer.alt_mac_address,
        "serialNumber": computer.serial_number,
        "osVersion": computer.operating_system_version,
        "osBuild": computer.operating_system_build,
        "userDirectoryID": "-1",
        "username": computer.username,
        "realName": computer.realname,
        "emailAddress": computer.email,
        "phone": computer.phone,
        "position": computer.position,
        "department": "",
        "building": "",
        "room": computer.room,
        "ipAddress": "",
        "reportedIpAddress": "",
        "managementId": computer.management_id,
    }
    return {**{name: text or "" for name, text in texts.items()}, "jssID": int(computer.id)}


def _xml(name: str, value: object) -> str:
    inside = (
        "".join(_xml(key, each) for key, each in value.items())
        if isinstance(value, Mapping)
        else escape(str(value))
    )
    return f"<{name}>{inside}</{name}>"
