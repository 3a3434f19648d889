"""The page that sets up webhooks: what to enter in JAMF, what came, what waits, and what is wrong."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from moss_jamf_pipeline.companion.identity.callers import Administrator, SuperAdministrator
from moss_jamf_pipeline.companion.pages.presentation import Frame, page
from moss_jamf_pipeline.companion.pages.routing import router, turned_to
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.services import webhooks
from moss_jamf_pipeline.services.webhooks import NewSecret, TwoSecretsInForce
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

ROUTER = router()


@ROUTER.get("/webhooks", name="page_webhooks")
def show(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    _administrator: Administrator,
) -> Response:
    """Shows how an integration's webhooks stand; super administrators make and retire secrets here."""
    return _page(request, workplace, choice)


@ROUTER.post("/webhooks/new-secret", name="page_new_webhook_secret")
def make(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    super_administrator: SuperAdministrator,
) -> Response:
    """Makes a secret, and shows it in the answer, which is the only place where it ever stands."""
    try:
        made = webhooks.new_secret(
            workplace, choice, super_administrator.caller, super_administrator.whereabouts
        )
    except TwoSecretsInForce as error:
        return _page(request, workplace, choice, status=HTTPStatus.CONFLICT, refused=error)
    return _page(request, workplace, choice, made=made)


@ROUTER.post("/webhooks/retire", name="page_retire_webhook_secret")
def retire(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    super_administrator: SuperAdministrator,
    secret_id: Annotated[int, Form(ge=1, le=2**62)],
) -> Response:
    """Ends a secret."""
    webhooks.retire(
        workplace,
        choice,
        secret_id,
        super_administrator.caller,
        super_administrator.whereabouts,
    )
    return turned_to(Frame(request).link("page_webhooks"))


def _page(
    request: Request,
    workplace: Workplace,
    choice: IntegrationChoice,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    made: NewSecret | None = None,
    refused: TwoSecretsInForce | None = None,
) -> Response:
    address = str(request.base_url).rstrip("/")
    found = webhooks.standing(workplace, choice, address)
    return page(
        request,
        "webhooks.html",
        status=status,
        found=found,
        address=f"{address}{found.path}",
        user_name=webhooks.USER_NAME,
        made=made,
        refused=refused,
    )
