"""Which causes people are told of, and how often: against a real database, a webhook and a mail server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.plan.guard import guard_plan
from moss_jamf_pipeline.notifying.alerts import Told, look_and_tell, tell_noted, tell_unnoted
from moss_jamf_pipeline.services import alerts
from moss_jamf_pipeline.services.causes import Cause, CauseKind, causes_of, failure
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.db.support import Bench
from tests.services.conftest import CHOICE
from tests.support.receivers import MailReceiver, WebhookReceiver, mail_receiver, webhook_receiver

_NOW = datetime(2026, 11, 28, 13, 30, tzinfo=UTC)
_DAY = timedelta(days=1)


@pytest.fixture
def webhook() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


def _settings(webhook: WebhookReceiver, mail: MailReceiver | None = None, **more: Any) -> Settings:
    by_mail = {} if mail is None else {"smtp_host": "127.0.0.1", "smtp_port": mail.port}
    return Settings(
        alert_url=SecretStr(webhook.url),
        smtp_security="none",
        mail_from="moss-jamf@example.org",
        mail_to="it@example.org",
        companion_link_url="https://moss.example.org/",
        dagster_link_url="https://dagster.example.org",
        **by_mail,
        **more,
    )


def _look(bench: Bench, settings: Settings, now: datetime) -> Told:
    bench.integration = find_integration(bench.connection)
    return look_and_tell(bench.connection, bench.integration, CHOICE, settings, now)


def _found(bench: Bench, now: datetime = _NOW, **settings: Any) -> dict[CauseKind, Cause]:
    found = causes_of(
        bench.connection, find_integration(bench.connection), Settings(**settings), now
    )
    return {cause.kind: cause for cause in found}


def _policies(bench: Bench, **settings: Any) -> None:
    """Saves policies with the integration, as people do."""
    bench.execute("update public.integration_configs set sync_settings = %s", Jsonb(settings))
    bench.integration = find_integration(bench.connection)


def _hold(bench: Bench) -> int:
    """A plan whose renaming is held."""
    _policies(bench, guard={"rename": {"absolute": 0}})
    bench.linked_device("1", serial_number="SERIAL1", hostname="old")
    bench.computer("1", hostname="new")
    return _plan(bench)


def _plan(bench: Bench) -> int:
    plan = bench.plan()
    guard_plan(bench.connection, bench.integration, plan.plan_id)
    return plan.plan_id


def _ran(
    bench: Bench,
    run_id: str,
    status: Literal["success", "partial", "failed"],
    *,
    ago: timedelta = timedelta(),
    sync_type: str = "full",
) -> None:
    """A run in M.O.S.S.'s history, which ended some time before now."""
    open_history(bench.connection, bench.integration.id, run_id=run_id, sync_type=sync_type)
    message = "JAMF gives no token." if status == "failed" else None
    close_history(bench.connection, run_id=run_id, status=status, error_message=message)
    bench.execute(
        """update public.integration_sync_history
           set sync_started_at = sync_started_at - %s::interval,
               sync_completed_at = sync_completed_at - %s::interval
           where id = (select history_id from jamf_sync.sync_runs where run_id = %s)""",
        *(ago, ago, run_id),
    )


def test_a_cause_is_told_once_again_while_it_lasts_and_when_it_is_over(
    bench: Bench, webhook: WebhookReceiver, mail: MailReceiver
) -> None:
    settings = _settings(webhook, mail, alert_again_hours=24)
    plan_id = _hold(bench)
    now = datetime.now(UTC)
    for minutes in (0, 1, 90):
        _look(bench, settings, now + timedelta(minutes=minutes))
    _plan(bench)  # a newer plan holds the same anew: the cause lasts
    _look(bench, settings, now + timedelta(minutes=120))
    assert [body["turn"] for body in webhook.bodies] == ["begins"]
    assert [letter["Subject"] for letter in mail.letters] == [
        "[moss-jamf] JAMF Pro: Changes wait for an approval"
    ]
    assert webhook.bodies[0]["links"] == {
        "Look at it": f"https://moss.example.org/jamf/plans/{plan_id}/held",
        "Dagster": "https://dagster.example.org",
    }
    assert f"`moss-jamf approve {plan_id} --kind rename` releases them" in webhook.texts[0]

    _look(bench, settings, now + _DAY)
    _look(bench, settings, now + 1.5 * _DAY)
    assert [body["turn"] for body in webhook.bodies] == ["begins", "lasts"]
    assert "It has lasted 1 day." in webhook.texts[1]

    _policies(bench, guard={"rename": {"absolute": 50}})
    _plan(bench)
    for _ in range(2):
        _look(bench, settings, now + 1.6 * _DAY)
    assert [body["turn"] for body in webhook.bodies] == ["begins", "lasts", "is over"]
    assert "It lasted 1 day, and is over since" in webhook.texts[2]
    assert len(mail.letters) == 3

    _policies(bench, guard={"rename": {"absolute": 0}})
    _plan(bench)
    _look(bench, settings, now + 2 * _DAY)
    assert webhook.bodies[-1]["turn"] == "begins"


def test_a_way_that_does_not_take_it_keeps_no_other_from_it_and_is_tried_later(
    bench: Bench, webhook: WebhookReceiver, mail: MailReceiver
) -> None:
    settings = _settings(webhook, mail)
    _hold(bench)
    webhook.status = 500
    now = datetime.now(UTC)
    told = _look(bench, settings, now)
    assert (told.messages, len(mail.letters)) == (1, 1)
    assert "HTTP 500" in told.troubles[0]
    webhook.status = 200
    webhook.bodies.clear()
    assert _look(bench, settings, now + timedelta(minutes=1)).messages == 0
    assert _look(bench, settings, now + timedelta(minutes=6)).messages == 1
    assert (len(webhook.bodies), len(mail.letters)) == (1, 1)


def test_of_two_that_look_at_once_one_tells(bench: Bench, webhook: WebhookReceiver) -> None:
    settings = _settings(webhook)
    _hold(bench)
    now = datetime.now(UTC)
    alerts.look(bench.connection, bench.integration, settings, now)
    first = alerts.claim(bench.connection, bench.integration, "webhook", now)
    assert len(first) == 1
    assert tell_noted(bench.connection, bench.integration, CHOICE, settings, now).messages == 0
    alerts.told(bench.connection, first[0], "webhook", now)
    assert tell_noted(bench.connection, bench.integration, CHOICE, settings, now).messages == 0


def test_a_failure_lasts_over_runs_that_fail_and_is_over_when_one_does_not(
    bench: Bench, webhook: WebhookReceiver, workplace: Workplace
) -> None:
    # No sync is due: by the hour of the day one would be missing beside the failure.
    bench.execute("update public.integration_configs set auto_sync_enabled = false")
    settings = _settings(webhook)
    _ran(bench, "run-1", "failed", ago=timedelta(hours=5))
    now = datetime.now(UTC)
    cause = failure("full", "The sync failed. JAMF gives no token.", "run-1")
    alerts.note(bench.connection, bench.integration, settings, cause, now - timedelta(hours=5))
    for run in ("run-2", "run-3"):
        _look(bench, settings, now)
        _ran(bench, run, "failed", ago=timedelta(hours=1))
    _ran(bench, "run-4", "success", sync_type="computers")
    _look(bench, settings, now)
    (body,) = webhook.bodies
    assert (body["kind"], body["cause"]) == ("run_failed", "full")
    assert "JAMF gives no token" in body["text"]

    _ran(bench, "run-5", "partial")
    _look(bench, settings, datetime.now(UTC))
    assert [body["turn"] for body in webhook.bodies] == ["begins", "is over"]
    (kept,) = alerts.recent(workplace, CHOICE)
    assert (kept.kind, kept.times_told, kept.told_by) == (CauseKind.RUN_FAILED, 1, ("webhook",))
    assert kept.ended_at is not None


def test_a_failure_that_the_history_does_not_have_is_over_when_its_job_succeeds(
    bench: Bench, webhook: WebhookReceiver
) -> None:
    settings = _settings(webhook)
    now = datetime.now(UTC)
    cause = failure("forget_old_captures", "It failed.", "run-1")
    alerts.note(bench.connection, bench.integration, settings, cause, now)
    assert alerts.open_failures(bench.connection, bench.integration) == ["forget_old_captures"]
    alerts.look(bench.connection, bench.integration, settings, now)
    later = {"forget_old_captures": now + timedelta(hours=1)}
    assert alerts.open_failures(bench.connection, bench.integration)
    alerts.look(bench.connection, bench.integration, settings, now, later)
    assert alerts.open_failures(bench.connection, bench.integration) == []


def test_while_the_database_is_away_a_failure_is_told_once(webhook: WebhookReceiver) -> None:
    settings = _settings(webhook)
    choice = CHOICE._replace(name="A server of its own")
    cause = failure("full", "The database does not answer.")
    webhook.status = 500
    assert not tell_unnoted(choice, settings, cause, _NOW).messages
    webhook.status = 200
    webhook.bodies.clear()
    for minutes in (0, 30, 60):
        tell_unnoted(choice, settings, cause, _NOW + timedelta(minutes=minutes))
    assert len(webhook.bodies) == 1
    tell_unnoted(choice, settings, cause, _NOW + _DAY)
    tell_unnoted(choice, settings, replace(cause, cause="computers"), _NOW)
    assert len(webhook.bodies) == 3


def test_a_secret_in_what_happened_is_neither_told_nor_kept(
    bench: Bench, webhook: WebhookReceiver
) -> None:
    settings = _settings(webhook, jamf_client_secret=SecretStr("a-very-secret-word"))
    cause = failure("full", f"JAMF said a-very-secret-word. {'Long. ' * 1_000}")
    alerts.note(bench.connection, bench.integration, settings, cause, _NOW)
    tell_noted(bench.connection, bench.integration, CHOICE, settings, _NOW)
    (text,) = webhook.texts
    assert "a-very-secret-word" not in text + bench.value("select summary from jamf_sync.alerts")
    assert len(text) < 3_200


def test_a_sync_that_was_due_and_has_not_started_is_told_after_an_hour(bench: Bench) -> None:
    assert _found(bench) == {}  # before the first sync nobody knows since when one is due
    now = datetime.now(UTC)
    _ran(bench, "run-1", "success", ago=timedelta(days=2))
    missed = _found(bench, now)[CauseKind.SLOT_MISSED]
    assert "No sync of 'JAMF Pro' has started for" in missed.summary
    bench.execute("update public.integration_configs set auto_sync_enabled = false")
    assert _found(bench, now) == {}
    bench.execute("update public.integration_configs set auto_sync_enabled = true")
    _ran(bench, "run-2", "success")
    assert _found(bench, now) == {}


def test_captures_that_stay_incomplete_are_told_the_third_time(bench: Bench) -> None:
    bench.computer("1")
    for times in range(3):
        assert _found(bench) == {}, times
        bench.new_capture("computers", "incomplete")
        bench.new_capture("users")
    bench.execute("update jamf_sync.captures set incomplete_reasons = '{\"Page 7 is missing.\"}'"
                  " where status = 'incomplete'")  # fmt: skip
    cause = _found(bench)[CauseKind.CAPTURE_INCOMPLETE]
    assert cause.cause == "computers"
    assert "3 times running" in cause.summary
    assert "Page 7 is missing." in cause.summary
    bench.new_capture("computers")
    assert _found(bench) == {}


@pytest.mark.parametrize(
    ("days", "is_told", "again"),
    [(31, False, None), (29, True, timedelta(days=7)), (5, True, None), (-2, True, None)],
)
def test_credentials_are_told_of_a_month_before_the_date_that_the_row_names(
    bench: Bench, days: int, is_told: bool, again: timedelta | None
) -> None:
    expires = (_NOW + timedelta(days=days)).date()
    _policies(bench, credentials_expire_on=expires.isoformat())
    cause = _found(bench).get(CauseKind.CREDENTIALS_EXPIRE)
    assert (cause is not None) is is_told
    if cause is not None:
        assert f"{expires:%Y-%m-%d}" in cause.summary
        assert cause.told_again_after == again


def test_credentials_of_the_platform_expire_six_months_after_they_were_saved(bench: Bench) -> None:
    bench.execute(
        """update public.integration_configs
           set config = config || '{"base_url": "https://eu.api.jamfcloud.com", "connection": "platform",
                                    "environment_id": "5b1c9a70-63d4-4f7b-8a52-0f6e1d2c3b4a"}'"""
    )
    assert _found(bench) == {}
    bench.execute(
        "insert into jamf_sync.saved_credentials values (%s, %s)",
        bench.integration.id,
        _NOW - timedelta(days=160),
    )
    assert CauseKind.CREDENTIALS_EXPIRE in _found(bench)
    # What the environment gives goes before what is saved, and nobody knows its date.
    another = SecretStr("another one")
    assert _found(bench, jamf_client_id="another", jamf_client_secret=another) == {}
    bench.execute(
        """update public.integration_configs
           set config = config || '{"base_url": "https://example.jamfcloud.com", "connection": "server"}'"""
    )
    assert _found(bench) == {}


def test_queues_that_grow_are_told_with_what_they_were(bench: Bench) -> None:
    for number in map(str, range(14)):
        bench.linked_device(number, serial_number=f"S{number}", asset_tag=f"A{number}")
        bench.computer(number, f"S{number}", asset_tag=f"B{number}")
    bench.sync()
    now = datetime.now(UTC) + timedelta(seconds=1)
    assert bench.value("select count(*) from jamf_sync.conflicts where status = 'open'") == 14
    assert _found(bench, now) == {}  # a week ago nothing was captured: it is all new
    bench.execute("update jamf_sync.captures set captured_at = captured_at - interval '8 days'")
    cause = _found(bench, now)[CauseKind.CONFLICTS_GROW]
    assert "14 conflicts of 'JAMF Pro' are open; a week ago there were 0." in cause.summary
    bench.execute("update jamf_sync.conflicts set opened_at = opened_at - interval '9 days'")
    assert _found(bench, now) == {}
    bench.execute(
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, capture_id, reason, detail, is_whole_record)
           select integration_id, collection, number, capture_id, 'a_reason', 'Why.', true
           from jamf_sync.captures, generate_series(1, 12) as number
           where collection = 'users'"""
    )
    assert _found(bench, now) == {}  # the same capture was the newest then
    bench.new_capture("users")
    bench.execute(
        """update jamf_sync.quarantine set capture_id = (select max(capture_id) from jamf_sync.captures
           where collection = 'users')"""
    )
    grown = _found(bench, now)[CauseKind.QUARANTINE_GROWS]
    assert "12 of JAMF's records" in grown.summary
