"""JAMF's webhooks: the secrets by which its calls are known, what they hinted at, and how that stands.

What an event hints at is stored and looked at by a run (`moss.capture.hints`). A secret is made here, shown once, and
kept as a hash; two are in force while the newer takes the older's place in JAMF.
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import psycopg

from moss_jamf_pipeline.jamf.webhook_events import KINDS, EventKind, WebhookEvent
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import execute, fetch_all, fetch_value
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.scrubbing import remember_secret
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.callers import Caller
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

HEADER: Final = "X-API-Key"
"""The header that carries the secret, as JAMF is told to send it."""
USER_NAME: Final = "jamf"
"""What to enter where JAMF asks for a user name; any is taken."""
MOST_STORED: Final = 10_000
"""Records that wait to be looked at, at most; more are refused, and JAMF's next sync reads them."""

_BEGINNING: Final = "jamfhook_"
_MOST_BYTES: Final = 200
_QUIET: Final = timedelta(days=2)
_LATE: Final = timedelta(minutes=10)


class WebhookSecretNotThere(ProblemFound):
    """A secret that is to be retired is none of the integration's in force."""


class TwoSecretsInForce(ProblemFound):
    """A third secret would be one too many."""


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """A secret in force, without itself.

    Attributes:
        secret_id: by which it is retired.
        made_by: who made it.
        made_at: when.
        last_used_at: when JAMF last sent it, give or take a minute; None: never.
    """

    secret_id: int
    made_by: str
    made_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that was just made: to be shown now, for it is kept nowhere.

    Attributes:
        secret_id: by which it is retired.
        secret: itself.
        older: the id of the one whose place it takes, to be retired when JAMF sends this one; None: there is none.
    """

    secret_id: int
    secret: str
    older: int | None

    @property
    def header(self) -> str:
        """What to paste into JAMF as header authentication."""
        return orjson.dumps({HEADER: self.secret}).decode()


@dataclass(frozen=True, slots=True)
class ReceivedKind:
    """What came of one kind of event.

    Attributes:
        event: its name.
        received: how many came.
        last_received_at: when the last of them did.
        waiting: records that it named and that wait.
    """

    event: str
    received: int
    last_received_at: datetime
    waiting: int


@dataclass(frozen=True, slots=True)
class WebhookStanding:
    """How an integration's webhooks stand.

    Attributes:
        integration: its name.
        path: where JAMF sends them, below the address of M.O.S.S.
        secrets: in force, the older first.
        kinds: what came, the latest first.
        waiting: records that wait to be looked at.
        waiting_since: since when the first of them does.
        events: every event that JAMF can send, and whether to have it sent.
        wrong: what is wrong, as sentences.
    """

    integration: str
    path: str
    secrets: tuple[WebhookSecret, ...]
    kinds: tuple[ReceivedKind, ...]
    waiting: int
    waiting_since: datetime | None
    events: tuple[tuple[EventKind, bool], ...]
    wrong: tuple[str, ...]


def path_of(choice: IntegrationChoice) -> str:
    """Where JAMF sends an integration's webhooks, below the address of M.O.S.S."""
    return f"/webhooks/jamf/{choice.slug}"


def new_secret(
    workplace: Workplace, choice: IntegrationChoice, made_by: Caller | str, whereabouts: Whereabouts
) -> NewSecret:
    """Makes a secret; an older one goes on to hold until it is retired.

    Args:
        workplace: where.
        choice: which integration.
        made_by: who; a caller's act is noted in M.O.S.S.
        whereabouts: of the request.

    Raises:
        TwoSecretsInForce: retire one first.
    """
    secret = _BEGINNING + secrets.token_urlsafe(32)
    remember_secret(secret)
    with workplace.deciding(choice) as (connection, integration), connection.transaction():
        parameters = {"integration_id": integration.id}
        fetch_value(connection, "webhooks/one_at_a_time", parameters)
        before = _in_force(connection, integration.id)
        kept = fetch_all(
            connection,
            "webhooks/keep_secret",
            parameters | {"secret_hash": _digest(secret), "made_by": _name(made_by)},
        )
        if not kept:
            raise TwoSecretsInForce(
                f"Two webhook secrets of {integration.name!r} are in force already "
                f"({', '.join(str(each.secret_id) for each in before)}).",
                "Retire the one that JAMF does not send any more, and ask again.",
            )
        secret_id = int(kept[0]["secret_id"])
        _note(connection, integration, made_by, "new_webhook_secret", secret_id, whereabouts)
    return NewSecret(secret_id, secret, before[0].secret_id if before else None)


def retire(
    workplace: Workplace,
    choice: IntegrationChoice,
    secret_id: int | None,
    retired_by: Caller | str,
    whereabouts: Whereabouts,
) -> WebhookSecret:
    """Ends a secret: what is sent with it from now on is refused.

    Args:
        workplace: where.
        choice: which integration.
        secret_id: which; None: the older of two.
        retired_by: who; a caller's act is noted in M.O.S.S.
        whereabouts: of the request.

    Returns:
        The one that was retired.

    Raises:
        WebhookSecretNotThere: it is not in force; or there are not two, and none is named.
    """
    with workplace.deciding(choice) as (connection, integration), connection.transaction():
        parameters = {"integration_id": integration.id}
        fetch_value(connection, "webhooks/one_at_a_time", parameters)
        before = _in_force(connection, integration.id)
        if secret_id is None and len(before) > 1:
            secret_id = before[0].secret_id
        found = next((each for each in before if each.secret_id == secret_id), None)
        if found is None:
            numbers = ", ".join(str(each.secret_id) for each in before) or "none"
            raise WebhookSecretNotThere(
                f"{integration.name!r} has no webhook secret {secret_id} in force."
                if secret_id is not None
                else f"{integration.name!r} has not two webhook secrets, of which the older could be retired.",
                f"In force: {numbers}. Name one of them to retire it.",
            )
        execute(
            connection,
            "webhooks/retire_secret",
            parameters | {"secret_id": found.secret_id, "retired_by": _name(retired_by)},
        )
        _note(
            connection,
            integration,
            retired_by,
            "retire_webhook_secret",
            found.secret_id,
            whereabouts,
        )
    return found


def sender_of(workplace: Workplace, choice: IntegrationChoice, given: str) -> UUID | None:
    """The integration whose JAMF server sent a secret; None if it is none of its secrets in force.

    Args:
        workplace: where.
        choice: the integration whose address was called.
        given: the secret as it came.
    """
    if not given.startswith(_BEGINNING) or len(given) > _MOST_BYTES:
        return None
    digest = _digest(given)
    with workplace.deciding(choice) as (connection, integration):
        rows = fetch_all(
            connection, "webhooks/secrets_in_force", {"integration_id": integration.id}
        )
        # All are compared: which one it is cannot be told by a clock.
        held = [row for row in rows if hmac.compare_digest(bytes(row["secret_hash"]), digest)]
        if not held:
            return None
        remember_secret(given)
        execute(connection, "webhooks/note_use_of_secret", {"secret_id": held[0]["secret_id"]})
    return integration.id


def store(workplace: Workplace, integration_id: UUID, event: WebhookEvent) -> bool:
    """Keeps what an event hints at; one from which nothing synced follows is counted.

    Args:
        workplace: where.
        integration_id: whose JAMF server sent it.
        event: the event.

    Returns:
        Whether there was room.
    """
    parameters = {"integration_id": integration_id, "event": event.name}
    with workplace.as_owner() as connection:
        if event.record_type is None:
            execute(connection, "webhooks/count_event", parameters)
            return True
        touched = execute(
            connection,
            "webhooks/store_events",
            parameters
            | {
                "record_type": event.record_type,
                "jamf_ids": list(event.jamf_ids),
                "event_at": event.event_at,
                "most_stored": MOST_STORED,
            },
        )
    return touched > 0


def standing(
    workplace: Workplace, choice: IntegrationChoice, address: str | None = None
) -> WebhookStanding:
    """How an integration's webhooks stand.

    Args:
        workplace: where.
        choice: which integration.
        address: of M.O.S.S. as people reach it; None: it is not known, and not judged.
    """
    with workplace.deciding(choice) as (connection, integration):
        parameters = {"integration_id": integration.id}
        in_force = _in_force(connection, integration.id)
        kinds = tuple(
            ReceivedKind(**row)
            for row in fetch_all(connection, "webhooks/kinds_of_events", parameters)
        )
        (waits,) = fetch_all(connection, "webhooks/waiting_records", parameters)
    scoped = bool(integration.scope_groups)
    wrong = [
        *_wrong_with_address(address, integration.base_url or workplace.settings.jamf_server),
        *_wrong_with_traffic(in_force, kinds, waits["since"], datetime.now(UTC)),
    ]
    return WebhookStanding(
        integration=integration.name,
        path=path_of(choice),
        secrets=in_force,
        kinds=kinds,
        waiting=waits["records"],
        waiting_since=waits["since"],
        events=tuple(
            (kind, kind.is_useful and (scoped or not kind.only_when_scoped)) for kind in KINDS
        ),
        wrong=tuple(wrong),
    )


def _wrong_with_address(address: str | None, jamf: str | None) -> list[str]:
    if address is None:
        return []
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    wrong = []
    if parts.scheme != "https":
        wrong.append(
            "The address is plain http: the secret is readable on its way. Put https in front, as a proxy does."
        )
    in_cloud = (urlsplit(jamf or "").hostname or "").lower().endswith(".jamfcloud.com")
    if is_private(host):
        wrong.append(
            f"{host} is a private address, and this JAMF is in Jamf Cloud, which cannot reach it: let what Jamf "
            "Cloud's published addresses send to this path through, or do without webhooks."
            if in_cloud
            else f"{host} is a private address: a JAMF Pro in another network, such as Jamf Cloud, cannot reach it."
        )
    return wrong


def is_private(host: str) -> bool:
    """Whether a host can be reached from its own network only, as far as its name tells."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        endings = (".local", ".internal", ".lan", ".home", ".localhost", ".test")
        return "." not in host or host.endswith(endings)


def _wrong_with_traffic(
    in_force: tuple[WebhookSecret, ...],
    kinds: tuple[ReceivedKind, ...],
    waiting_since: datetime | None,
    now: datetime,
) -> list[str]:
    wrong = []
    if not in_force:
        wrong.append("There is no secret: everything that JAMF sends is refused. Make one.")
    elif not kinds:
        wrong.append("Nothing has come yet. Save the webhooks in JAMF and submit an inventory.")
    elif now - max(kind.last_received_at for kind in kinds) > _QUIET:
        wrong.append(
            "Nothing has come for two days: see in JAMF whether the webhooks are enabled. JAMF switches none off by "
            "itself, and does not repeat what was not taken."
        )
    if len(in_force) > 1:
        older, newer = in_force[0], in_force[-1]
        wrong.append(
            f"Two secrets are in force. Retire {older.secret_id} once JAMF sends {newer.secret_id} in all webhooks."
        )
    if waiting_since is not None and now - waiting_since > _LATE:
        wrong.append(
            f"Records wait since {waiting_since:%Y-%m-%d %H:%M} UTC. See that Dagster's daemon is at work, that the "
            "sensor of webhooks is on, and why its last run failed."
        )
    return wrong


def _in_force(connection: psycopg.Connection, integration_id: UUID) -> tuple[WebhookSecret, ...]:
    rows = fetch_all(connection, "webhooks/secrets_in_force", {"integration_id": integration_id})
    return tuple(
        WebhookSecret(row["secret_id"], row["made_by"], row["made_at"], row["last_used_at"])
        for row in rows
    )


def _note(
    connection: psycopg.Connection,
    integration: Integration,
    who: Caller | str,
    action: str,
    secret_id: int,
    whereabouts: Whereabouts,
) -> None:
    """Notes in M.O.S.S. what somebody did who is signed in to it; the command line's operator is no log-in of it."""
    if isinstance(who, Caller):
        callers.note(connection, integration, who, action, {"secret_id": secret_id}, whereabouts)


def _name(who: Caller | str) -> str:
    return who.name if isinstance(who, Caller) else who


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
