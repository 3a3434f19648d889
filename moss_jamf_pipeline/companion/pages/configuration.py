"""The configuration as a page: connection and test, schedule, scope, policies with their meaning, who wins a field.

It is also what M.O.S.S.'s "Configure" leads to, whose own page does not exist: the proxy sends that path here.
"""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr
from starlette.datastructures import FormData

from moss_jamf_pipeline.companion.identity.callers import (
    Administrator,
    SuperAdministrator,
    Viewer,
    needed,
)
from moss_jamf_pipeline.companion.pages.presentation import Frame, page
from moss_jamf_pipeline.companion.pages.routing import PageRoute, router, turned_to
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.jamf import ClientCredentials, ConnectionKind, UserCredentials
from moss_jamf_pipeline.moss.integration.credentials import JamfCredentials
from moss_jamf_pipeline.services import attributes, configuration
from moss_jamf_pipeline.services.callers import Role
from moss_jamf_pipeline.services.configuration import (
    ConfigurationChange,
    ConfigurationInvalid,
    ConnectionTest,
    Policy,
)
from moss_jamf_pipeline.services.routes import RouteGiven
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, ValueMistyped, as_meant

ROUTER = router()

_SETTING: Final = "setting:"
_ATTRIBUTE: Final = "attribute:"
_ATTRIBUTES_SHOWN: Final = "attributes_shown"
_DEFAULT: Final = ""


async def _form(request: Request) -> FormData:
    """The form of a request, which the route has read already."""
    return await request.form()


FormSent = Annotated[FormData, Depends(_form)]


@ROUTER.get("/configuration", name="page_configuration")
def show(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    _administrator: Administrator,
    saved: bool = False,
) -> Response:
    """Shows how an integration is configured; super administrators change it here."""
    return _page(request, workplace, choice, saved=saved)


@ROUTER.post("/configuration", name="page_save_configuration")
def save(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    super_administrator: SuperAdministrator,
    sent: FormSent,
) -> Response:
    """Saves what was changed in the form, all of it or nothing."""
    present = configuration.show(workplace, choice)
    try:
        change = ConfigurationChange(
            route=_route(sent),
            credentials=_credentials(sent),
            credentials_expire_on=_expire_on(sent),
            is_enabled="is_enabled" in sent,
            is_scheduled="is_scheduled" in sent,
            schedule=_given(sent, "schedule"),
            settings={
                **_mapped(workplace, choice, sent),
                **_changed(present.policies, sent),
            },
            scope_group=_changed_scope(present.scope_group, sent),
            version=_given(sent, "version"),
        )
        configuration.save(
            workplace,
            choice,
            change,
            saved_by=super_administrator.caller,
            whereabouts=super_administrator.whereabouts,
        )
    except ConfigurationInvalid as error:
        return _page(
            request,
            workplace,
            choice,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            sent=sent,
            wrong=error,
        )
    return turned_to(Frame(request).link("page_configuration", {"saved": "true"}))


@ROUTER.post(
    "/configuration/test",
    name="page_test_connection",
    dependencies=[Depends(needed(Role.SUPER_ADMIN))],
)
def test(
    request: Request, workplace: WorkplaceNeeded, choice: ChoiceNeeded, sent: FormSent
) -> Response:
    """Asks JAMF for all that a sync reads, with what is in the form; nothing is saved."""
    try:
        tried = configuration.try_connection(
            workplace, choice, route=_route(sent), given=_credentials(sent)
        )
    except ConfigurationInvalid as error:
        return _page(
            request,
            workplace,
            choice,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            sent=sent,
            wrong=error,
        )
    return _page(request, workplace, choice, sent=sent, tried=tried)


def _noticed(request: Request, viewer: Viewer) -> None:
    request.state.presence = viewer


IN_MOSS = APIRouter(
    route_class=PageRoute, dependencies=[Depends(_noticed)], include_in_schema=False
)


@IN_MOSS.get("/admin/integrations/jamf/{integration_id}")
def configure_in_moss(
    request: Request,
    workplace: WorkplaceNeeded,
    integration_id: UUID,
    _administrator: Administrator,
) -> Response:
    """Leads from M.O.S.S.'s list of integrations to the page of the one that was chosen."""
    name = configuration.name_of(workplace, integration_id)
    return turned_to(Frame(request).link("page_configuration", {"integration": name}))


def _page(
    request: Request,
    workplace: Workplace,
    choice: IntegrationChoice,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    saved: bool = False,
    sent: FormData | None = None,
    wrong: ConfigurationInvalid | None = None,
    tried: ConnectionTest | None = None,
) -> Response:
    shown = configuration.show(workplace, choice)
    return page(
        request,
        "configuration.html",
        status=status,
        shown=shown,
        groups=configuration.known_groups(workplace, choice),
        # What was typed is not lost; secrets are typed again.
        typed={
            key: value
            for key, value in (sent or {}).items()
            if key not in {"client_secret", "password"}
        },
        wrong=wrong,
        tried=tried,
        saved=saved,
        setting=_SETTING,
        attributes=attributes.show(workplace, choice),
        attribute=_ATTRIBUTE,
    )


def _given(sent: FormData, name: str) -> str | None:
    """A field of the form as text; None if it was left empty."""
    value = sent.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _route(sent: FormData) -> RouteGiven:
    """The way to JAMF in the form, which has all of it."""
    kind = _given(sent, "connection")
    is_platform = kind == ConnectionKind.PLATFORM
    return RouteGiven(
        kind=None
        if kind is None
        else ConnectionKind.PLATFORM
        if is_platform
        else ConnectionKind.SERVER,
        base_url=_given(sent, "base_url"),
        environment_id=_typed(sent, "environment_id") if is_platform else None,
        tenant_id=_typed(sent, "tenant_id") if is_platform else None,
        web_url=_typed(sent, "web_url"),
    )


def _typed(sent: FormData, name: str) -> str | None:
    """A field of the form as text, also if it was emptied; None: the form has no such field."""
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else None


def _expire_on(sent: FormData) -> date | None:
    """The day in the form; None if it was left empty.

    Raises:
        ConfigurationInvalid: it is none.
    """
    typed = _given(sent, "credentials_expire_on") or ""
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise ConfigurationInvalid(
            "credentials_expire_on",
            f"{(typed or '')[:40]!r} is no day.",
            "Write one such as 2027-05-28.",
        ) from None


def _credentials(sent: FormData) -> JamfCredentials | None:
    """The credentials in the form; None: no new ones.

    Raises:
        ConfigurationInvalid: half of a pair is missing, both pairs are given, or one cannot be meant.
    """
    typed = {
        name: _meant(name, str(sent.get(name, "")))
        for name in ("client_id", "client_secret", "username", "password")
    }
    client = bool(typed["client_id"]), bool(typed["client_secret"])
    user = bool(typed["username"]), bool(typed["password"])
    if any(client) and any(user):
        raise ConfigurationInvalid(
            "credentials", "Both an API client and a user account are given.", "Give one of them."
        )
    if any(client) != all(client) or any(user) != all(user):
        raise ConfigurationInvalid(
            "credentials", "Of the credentials, one half is missing.", "Give both halves."
        )
    if any(client):
        return ClientCredentials(typed["client_id"], SecretStr(typed["client_secret"]))
    return UserCredentials(typed["username"], SecretStr(typed["password"])) if any(user) else None


def _meant(name: str, typed: str) -> str:
    try:
        return as_meant(typed, is_password=name == "password")
    except ValueMistyped as mistyped:
        raise ConfigurationInvalid(
            "credentials",
            f"The {name.replace('_', ' ')} cannot be meant: {mistyped}.",
            "Paste it again, alone.",
        ) from None


def _changed(policies: tuple[Policy, ...], sent: FormData) -> Mapping[str, str | None]:
    """The settings that the form has otherwise, as JSON text; None for one that is to have its default."""
    changed: dict[str, str | None] = {}
    for policy in policies:
        typed = sent.get(_SETTING + policy.key)
        if not isinstance(typed, str) or typed.strip() == policy.value:
            continue
        text = typed.strip()
        if text != _DEFAULT:
            changed[policy.key] = text
        elif not policy.is_default:
            changed[policy.key] = None
    return changed


def _mapped(
    workplace: Workplace, choice: IntegrationChoice, sent: FormData
) -> Mapping[str, str | None]:
    """The setting of extension attributes, if others are ticked than are mapped."""
    if _ATTRIBUTES_SHOWN not in sent:
        return {}
    ticked = {name.removeprefix(_ATTRIBUTE) for name in sent if name.startswith(_ATTRIBUTE)}
    setting = attributes.setting_that_maps(workplace, choice, ticked)
    return {} if setting is None else {"extension_attributes": setting}


def _changed_scope(present: str, sent: FormData) -> str | None:
    typed = sent.get("scope_group")
    return typed.strip() if isinstance(typed, str) and typed.strip() != present else None
