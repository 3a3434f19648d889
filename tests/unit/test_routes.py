"""The way to JAMF as M.O.S.S.'s row says it: what is read, and until when credentials last."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from moss_jamf_pipeline.jamf import SERVER, Gateway, Scope
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.integration.routes import Route, read_route
from moss_jamf_pipeline.services.credentials_expiry import expiry_of
from moss_jamf_pipeline.services.routes import RouteGiven, RouteInvalid
from moss_jamf_pipeline.settings import Settings

_ID = "5b1c9a70-63d4-4f7b-8a52-0f6e1d2c3b4a"
_EU = "https://eu.api.jamfcloud.com"
_OWN = "https://example.jamfcloud.com"
_LED = Route(_EU, Gateway(Scope("environment", _ID), _OWN), _OWN)


@pytest.mark.parametrize(
    ("config", "route"),
    [
        (None, Route()),
        (
            {"api_version": "v1", "base_url": "https:&#x2F;&#x2F;a.example.org&#x2F; "},
            Route("https://a.example.org"),
        ),
        ({"connection": "", "base_url": _OWN, "environment_id": "left over"}, Route(_OWN)),
        (
            {
                "connection": "Platform",
                "base_url": _EU,
                "environment_id": _ID.upper(),
                "web_url": f"{_OWN}/",
            },
            _LED,
        ),
        (
            {"connection": "platform", "base_url": _EU, "tenant_id": _ID, "environment_id": " "},
            Route(_EU, Gateway(Scope("tenant", _ID))),
        ),
    ],
)
def test_a_row_says_the_way_as_somebody_typed_it(config: Any, route: Route) -> None:
    assert read_route(config) == route


@pytest.mark.parametrize(
    "config",
    [
        {"connection": "gateway"},
        {"connection": "platform", "environment_id": "Production"},
        {"connection": "platform", "environment_id": _ID, "tenant_id": _ID},
        {"credentials_expire_on": "soon"},
    ],
)
def test_what_cannot_be_meant_is_no_way(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_route(config)


def test_people_open_jamf_pro_where_it_is_and_not_at_the_gateway() -> None:
    assert Route(_OWN).pages == _OWN
    assert Route(_OWN, web_url="https://jamf.example.org").pages == "https://jamf.example.org"
    assert _LED.pages == _OWN
    assert Route(_EU, Gateway(Scope("environment", _ID))).pages is None


def _settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def _expiry(route: Route, today: date, **environment: Any) -> tuple[str, int] | None:
    integration = Integration(UUID(int=1), "JAMF Pro", True, SyncSettings(), route)
    found = expiry_of(_settings(**environment), integration, today)
    assert found is None or bool(found.remedy) is (found.state != "fine")
    return None if found is None else (found.state, found.days_left)


@pytest.mark.parametrize(
    ("route", "today", "found"),
    [
        (Route(_OWN, credentials_set_on=date(2025, 1, 1)), date(2026, 11, 28), None),
        (Route(_OWN, credentials_expire_on=date(2026, 12, 1)), date(2026, 11, 28), ("soon", 3)),
        (Route(_EU, _LED.connection), date(2026, 11, 28), None),
        (
            Route(_EU, _LED.connection, credentials_set_on=date(2026, 8, 31)),
            date(2027, 1, 29),
            ("soon", 30),
        ),
        (
            Route(_EU, _LED.connection, credentials_set_on=date(2026, 8, 31)),
            date(2027, 1, 28),
            ("fine", 31),
        ),
        (
            Route(_EU, _LED.connection, credentials_set_on=date(2026, 8, 31)),
            date(2027, 2, 28),
            ("soon", 0),
        ),
        (
            Route(_EU, _LED.connection, credentials_set_on=date(2026, 8, 31)),
            date(2027, 3, 1),
            ("over", -1),
        ),
    ],
)
def test_an_integrations_credentials_end_after_six_months(
    route: Route, today: date, found: tuple[str, int] | None
) -> None:
    assert _expiry(route, today) == found


def test_credentials_of_the_environment_end_when_it_says() -> None:
    today = date(2026, 11, 28)
    led = Route(_EU, _LED.connection, credentials_set_on=date(2026, 1, 1))
    own = {"jamf_client_id": "c", "jamf_client_secret": SecretStr("s")}
    assert _expiry(led, today) == ("over", -150)
    assert _expiry(led, today, **own) is None
    assert _expiry(led, today, **own, jamf_credentials_expire_on=date(2027, 5, 1)) == ("fine", 154)


@pytest.mark.parametrize(
    ("given", "saved", "where"),
    [
        (RouteGiven(environment_id=_ID), Route(_OWN), "environment_id"),
        (RouteGiven(base_url=_EU), Route(_OWN), "base_url"),
        (RouteGiven(base_url=_OWN), _LED, "base_url"),
        (RouteGiven(kind=Gateway.kind), Route(_OWN), "environment_id"),
        (RouteGiven(kind=Gateway.kind, environment_id=_ID), Route(_OWN), "base_url"),
        (RouteGiven(kind=SERVER.kind), _LED, "base_url"),
        (RouteGiven(web_url=_EU), Route(_OWN), "web_url"),
        (RouteGiven(web_url="http://jamf.example.org"), Route(_OWN), "web_url"),
        (RouteGiven(environment_id="", tenant_id=""), _LED, "environment_id"),
    ],
)
def test_a_way_that_leads_nowhere_is_not_taken(given: RouteGiven, saved: Route, where: str) -> None:
    with pytest.raises(RouteInvalid) as refused:
        given.onto(saved)
    assert refused.value.where == where
    assert refused.value.remedy


def test_what_nobody_says_stays_as_it_is() -> None:
    assert RouteGiven().onto(_LED) == _LED
    assert RouteGiven(web_url="").onto(_LED) == Route(_EU, Gateway(Scope("environment", _ID)))
    assert RouteGiven(tenant_id=_ID).onto(_LED).connection.headers == {"X-Tenant-Id": _ID}
    assert RouteGiven(kind=SERVER.kind, base_url=_OWN, web_url="").onto(_LED) == Route(_OWN)
