"""`/simulator/*`: what a JAMF Pro server does not have. Evolve the fleet, inject faults, register webhooks, count.

No token is needed here. Documents are described by their models: `EvolveRequest`, `EvolveReport`, `Faults`,
`RequestCounts`, `Webhook`, `WebhookReport`.
"""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from moss_jamf_pipeline.simulator.evolution import EvolutionError, EvolveRequest
from moss_jamf_pipeline.simulator.faults import Faults
from moss_jamf_pipeline.simulator.responses import JamfError, json_bytes, json_response
from moss_jamf_pipeline.simulator.simulator import simulator_of
from moss_jamf_pipeline.simulator.webhooks import Webhook

M = TypeVar("M", bound=BaseModel)


async def _evolve(request: Request) -> Response:
    simulator = simulator_of(request)
    wanted = await _document(request, EvolveRequest)
    try:
        report = simulator.evolve(wanted)
    except EvolutionError as error:
        raise JamfError(409, "NOT_POSSIBLE", str(error)) from error
    return _model(report)


async def _faults(request: Request) -> Response:
    simulator = simulator_of(request)
    if request.method == "PUT":
        simulator.set_faults(await _document(request, Faults))
    elif request.method == "DELETE":
        simulator.clear_faults()
    return _model(simulator.faults)


async def _requests(request: Request) -> Response:
    simulator = simulator_of(request)
    counts = simulator.requests.counts()
    if request.method == "DELETE":
        simulator.requests.reset()
    return _model(counts)


async def _webhooks(request: Request) -> Response:
    sender = simulator_of(request).webhooks
    if request.method == "POST":
        sender.register(await _document(request, Webhook))
    elif request.method == "DELETE":
        sender.clear()
    return _model(sender.report())


async def _state(request: Request) -> Response:
    """What is being simulated; `oddities` names the odd records."""
    simulator = simulator_of(request)
    fleet = simulator.fleet
    return json_response(
        {
            "version": str(simulator.release),
            "seed": fleet.seed,
            "generation": fleet.generation,
            "computers": len(fleet.computers),
            "mobile_devices": len(fleet.mobile_devices),
            "users": len(fleet.users),
            "groups": len(fleet.groups),
            "buildings": len(fleet.buildings),
            "departments": len(fleet.departments),
            "oddities": fleet.oddities,
        }
    )


def _model(model: BaseModel) -> Response:
    return json_bytes(model.model_dump_json().encode())


async def _document(request: Request, model: type[M]) -> M:
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise JamfError(422, "INVALID_DOCUMENT", str(error)) from error


def routes() -> list[Route]:
    """The control routes."""
    return [
        Route("/simulator", _state),
        Route("/simulator/evolve", _evolve, methods=["POST"]),
        Route("/simulator/faults", _faults, methods=["GET", "PUT", "DELETE"]),
        Route("/simulator/requests", _requests, methods=["GET", "DELETE"]),
        Route("/simulator/webhooks", _webhooks, methods=["GET", "POST", "DELETE"]),
    ]
