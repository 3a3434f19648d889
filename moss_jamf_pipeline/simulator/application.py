"""Puts the simulated server together as one ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from moss_jamf_pipeline.simulator import authentication_api, classic_api, control_api, pro_api
from moss_jamf_pipeline.simulator.configuration import SimulatorConfig
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.gateway import GatewayMiddleware
from moss_jamf_pipeline.simulator.middleware import (
    ClusterMiddleware,
    FaultMiddleware,
    RequestLogMiddleware,
)
from moss_jamf_pipeline.simulator.responses import JamfError, error_response, not_found
from moss_jamf_pipeline.simulator.simulator import Simulator


def create_application(fleet: Fleet, config: SimulatorConfig) -> Starlette:
    """Makes a JAMF Pro server out of a fleet.

    Args:
        fleet: what it serves. Changes show in the next answer.
        config: its release, its clients, its token lifetimes.

    Returns:
        The application; its `state.simulator` is the `Simulator` behind it.
    """
    simulator = Simulator(fleet, config)
    data = [*pro_api.routes(simulator.release), *classic_api.routes()]
    gateway = (
        []
        if config.gateway is None
        else [
            Middleware(GatewayMiddleware, simulator=simulator, gateway=config.gateway, routes=data)
        ]
    )
    application = Starlette(
        routes=[
            *authentication_api.routes(simulator.release),
            *data,
            *control_api.routes(),
        ],
        middleware=[
            Middleware(RequestLogMiddleware, simulator=simulator),
            *gateway,
            Middleware(ClusterMiddleware, simulator=simulator),
            Middleware(FaultMiddleware, simulator=simulator),
        ],
        exception_handlers={JamfError: _on_jamf_error, HTTPException: _on_http_error},
    )
    application.state.simulator = simulator
    return application


async def _on_jamf_error(request: Request, error: Exception) -> Response:
    return error_response(request, error if isinstance(error, JamfError) else JamfError(500))


async def _on_http_error(request: Request, error: Exception) -> Response:
    """No such path, or no such method on it."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_response(
        request, not_found() if status == not_found().status else JamfError(status)
    )
