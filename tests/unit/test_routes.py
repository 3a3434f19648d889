"""The way to JAMF as M.O.S.S.'s row says it: what is read, and until when credentials last."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from moss_jamf_pipeline.jamf import SERVER, Gateway, Scope
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.integration.routes import Route, read_route
from moss_jamf_pipeline.services.credentials_expiry import end_of_credentials, expiry_of
from moss_jamf_pipeline.services.routes import RouteGiven, RouteInvalid
from moss_jamf_pipeline.settings import Settings

_ID = "5b1c9a70-63d4-4f7b-8a52-0f6e1d2c3b4a"
_EU = "https://eu.api.jamfcloud.com"
_OWN = "https://example.jamfcloud.com"
_GIVEN = {"jamf_client_id": "c", "jamf_client_secret": SecretStr("s")}
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


_SOME_DAY, _ANOTHER = date(2027, 5, 28), date(2027, 6, 1)


@pytest.mark.parametrize(
    ("route", "named", "environment", "found"),
    [
        (Route(_OWN), None, {}, None),
        (_LED, None, {}, None),  # when they were saved cannot be asked
        (Route(_OWN), _SOME_DAY, {}, _SOME_DAY),
        (replace(_LED, credentials_expire_on=_ANOTHER), _SOME_DAY, {}, _ANOTHER),
        (replace(_LED, credentials_expire_on=_ANOTHER), None, _GIVEN, None),
        (replace(_LED, credentials_expire_on=_ANOTHER), _SOME_DAY, _GIVEN, _SOME_DAY),
        (replace(_LED, credentials_expire_on=_ANOTHER), None, {"jamf_client_id": "c"}, None),
    ],
)
def test_the_end_is_that_of_the_credentials_that_a_sync_uses(
    route: Route, named: date | None, environment: dict[str, Any], found: date | None
) -> None:
    settings = SyncSettings(credentials_expire_on=named)
    integration = Integration(UUID(int=1), "JAMF Pro", True, settings, route)
    assert end_of_credentials(None, Settings(**environment), integration) == found


@pytest.mark.parametrize(
    ("today", "state", "days", "said"),
    [
        (date(2027, 4, 27), "fine", 31, "in 31 days"),
        (date(2027, 4, 28), "soon", 30, "in 30 days"),
        (date(2027, 5, 27), "soon", 1, "in 1 day."),
        (date(2027, 5, 28), "soon", 0, "today"),
        (date(2027, 5, 29), "over", -1, "ended on 2027-05-28"),
    ],
)
def test_a_month_before_the_end_somebody_is_told(
    today: date, state: str, days: int, said: str
) -> None:
    settings = SyncSettings(credentials_expire_on=_SOME_DAY)
    expiry = expiry_of(
        None, Settings(), Integration(UUID(int=1), "JAMF Pro", True, settings), today
    )
    assert expiry is not None
    assert (expiry.state, expiry.days_left) == (state, days)
    assert said in expiry.message
    assert bool(expiry.remedy) is (state != "fine")


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
