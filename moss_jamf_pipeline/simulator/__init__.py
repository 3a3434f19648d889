"""A JAMF Pro server for tests, demos and trials: same endpoints, same quirks, a fleet from a seed, faults on demand.

Use `serve` to run it in this process, `SimulatorServer` to run it beside a test, `create_application` to mount it
elsewhere. Nothing here knows M.O.S.S. or the pipeline.
"""

from moss_jamf_pipeline.simulator.application import create_application
from moss_jamf_pipeline.simulator.changes import Change
from moss_jamf_pipeline.simulator.configuration import (
    PERMISSIONS,
    READ_PRIVILEGES,
    ApiClient,
    GatewayConfig,
    SimulatorConfig,
)
from moss_jamf_pipeline.simulator.evolution import (
    EvolutionError,
    EvolveReport,
    EvolveRequest,
    evolve,
)
from moss_jamf_pipeline.simulator.faults import (
    Churn,
    DroppedConnection,
    EmptyListing,
    Faults,
    FilterFault,
    Latency,
    LogInPage,
    MissingListing,
    PageLimit,
    Poison,
    RateLimited,
    RejectedTokens,
    ServerError,
    StaleNodes,
    TruncatedBody,
    WrongContentType,
)
from moss_jamf_pipeline.simulator.fleet import Fleet, UnknownRecordError
from moss_jamf_pipeline.simulator.generation import generate_fleet
from moss_jamf_pipeline.simulator.records import (
    Building,
    Computer,
    Department,
    Group,
    MobileDevice,
    Site,
    User,
)
from moss_jamf_pipeline.simulator.request_log import PathCount, RequestCounts
from moss_jamf_pipeline.simulator.server import SimulatorServer, SimulatorStartError, serve
from moss_jamf_pipeline.simulator.simulator import Simulator

__all__ = [
    "PERMISSIONS",
    "READ_PRIVILEGES",
    "ApiClient",
    "Building",
    "Change",
    "Churn",
    "Computer",
    "Department",
    "DroppedConnection",
    "EmptyListing",
    "EvolutionError",
    "EvolveReport",
    "EvolveRequest",
    "Faults",
    "FilterFault",
    "Fleet",
    "GatewayConfig",
    "Group",
    "Latency",
    "LogInPage",
    "MissingListing",
    "MobileDevice",
    "PageLimit",
    "PathCount",
    "Poison",
    "RateLimited",
    "RejectedTokens",
    "RequestCounts",
    "ServerError",
    "Simulator",
    "SimulatorConfig",
    "SimulatorServer",
    "SimulatorStartError",
    "Site",
    "StaleNodes",
    "TruncatedBody",
    "UnknownRecordError",
    "User",
    "WrongContentType",
    "create_application",
    "evolve",
    "generate_fleet",
    "serve",
]
