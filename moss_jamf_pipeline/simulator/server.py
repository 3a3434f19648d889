"""Running the simulated server: in this process until it is told to stop, or in the background for tests.

Both listen before they say that they are ready: the socket is bound here, so a port of 0 is a real port at once, and
readiness is uvicorn's own report that it serves.
"""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from moss_jamf_pipeline.simulator import hard_cases
from moss_jamf_pipeline.simulator.application import create_application
from moss_jamf_pipeline.simulator.configuration import SimulatorConfig
from moss_jamf_pipeline.simulator.evolution import EvolveReport, EvolveRequest
from moss_jamf_pipeline.simulator.faults import Faults
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.generation import generate_fleet
from moss_jamf_pipeline.simulator.request_log import RequestCounts
from moss_jamf_pipeline.simulator.simulator import Simulator

_SECONDS_TO_START = 30
_SECONDS_TO_STOP = 10
_SECONDS_BETWEEN_LOOKS = 0.1  # which uvicorn counts: every tenth time it renews the date
_SECONDS_FOR_ANSWERS = 1.0
_SECONDS_UNTIL_CLOSED = 0.002
_BACKLOG = 256


class SimulatorStartError(RuntimeError):
    """The simulated server did not come up."""


def configured_fleet(config: SimulatorConfig) -> Fleet:
    """Makes the fleet that a configuration describes."""
    planted = len(hard_cases.COMPUTERS) if config.hard_cases else 0
    fleet = generate_fleet(
        max(0, config.computers - planted),
        users=config.users,
        groups=config.groups,
        seed=config.seed,
        oddities=config.oddities,
        now=config.now,
        mobile_devices=config.mobile_devices,
    )
    fleet.further_attributes = config.further_attributes
    if config.hard_cases:
        hard_cases.plant_hard_cases(fleet)
    return fleet


def serve(config: SimulatorConfig, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Generates the configured fleet and serves it in this process until SIGINT or SIGTERM.

    Args:
        config: the fleet, the address and what the server is like.
        on_ready: called with the base URL once the server answers.

    Raises:
        SimulatorStartError: the address cannot be listened on, or the certificate cannot be used.
    """
    listener = _listen(config)
    base_url = _base_url(config, listener)
    application = create_application(configured_fleet(config), config)
    server = _Server(
        application,
        config.certificate,
        on_ready=lambda: on_ready(base_url) if on_ready else None,
    )
    # uvicorn stops in good order on both signals, and then raises SIGINT's exception once more.
    with closing(listener), suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


class SimulatorServer:
    """A simulated server in a background thread of this process, on a free loopback port.

    As a context manager it serves inside the `with` block:

        with SimulatorServer(SimulatorConfig(computers=50)) as server:
            httpx.get(f"{server.base_url}/api/v1/health-check")

    Its state may be read and changed meanwhile, through `fleet`, `evolve`, `set_faults`.
    """

    def __init__(
        self,
        config: SimulatorConfig | None = None,
        *,
        fleet: Fleet | None = None,
        around: Callable[[ASGIApp], ASGIApp] | None = None,
    ) -> None:
        """Prepares a server; it listens from `start` on.

        Args:
            config: what the server is like; a small fleet on a current release by default.
            fleet: what it serves; generated from the configuration by default.
            around: puts something around the application, that sees its requests and answers; None: nothing.
        """
        self.config = config or SimulatorConfig()
        self.fleet = configured_fleet(self.config) if fleet is None else fleet
        application = create_application(self.fleet, self.config)
        self.simulator: Simulator = application.state.simulator
        self._ready = threading.Event()
        self._server = _Server(
            around(application) if around else application,
            self.config.certificate,
            on_ready=self._ready.set,
        )
        self._listener: socket.socket | None = None
        self._base_url: str | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Starts the server and waits until it answers."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops the server."""
        self.stop()

    @property
    def base_url(self) -> str:
        """Where it listens, e.g. `http://127.0.0.1:49152`, without a trailing slash."""
        if self._base_url is None:
            raise SimulatorStartError(
                "The simulated JAMF Pro server has not been started; call start() first."
            )
        return self._base_url

    @property
    def client_id(self) -> str:
        """Id of its API client."""
        return self.config.client_id

    @property
    def client_secret(self) -> str:
        """Secret of its API client."""
        return self.config.client_secret.get_secret_value()

    @property
    def username(self) -> str:
        """Name of its user account."""
        return self.config.username

    @property
    def password(self) -> str:
        """Password of its user account."""
        return self.config.password.get_secret_value()

    @property
    def requests(self) -> RequestCounts:
        """What was asked of it since the counts were last reset."""
        return self.simulator.requests.counts()

    def reset_requests(self) -> None:
        """Starts the request counts afresh."""
        self.simulator.requests.reset()

    def set_faults(self, faults: Faults) -> None:
        """Replaces the faults in force."""
        self.simulator.set_faults(faults)

    def clear_faults(self) -> None:
        """Makes the server healthy."""
        self.simulator.clear_faults()

    def evolve(self, request: EvolveRequest) -> EvolveReport:
        """Changes the fleet as between two syncs. Raises EvolutionError if it is too small for the changes."""
        return self.simulator.evolve(request)

    def start(self) -> None:
        """Starts serving and returns when the server answers.

        Raises:
            SimulatorStartError: it did not come up.
        """
        self._listener = _listen(self.config)
        self._base_url = _base_url(self.config, self._listener)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._listener]},
            name="jamf-pro-simulator",
            daemon=True,
        )
        self._thread.start()
        if not self._ready.wait(_SECONDS_TO_START):
            raise SimulatorStartError(
                f"The simulated JAMF Pro server did not answer within {_SECONDS_TO_START} seconds; "
                "its thread's error is in the log."
            )

    def stop(self) -> None:
        """Stops serving and closes the connections. A server that was never started is left alone."""
        self._server.end()
        if self._thread is not None:
            self._thread.join(_SECONDS_TO_STOP)
        if self._listener is not None:
            self._listener.close()


class _Server(uvicorn.Server):
    """uvicorn that tells when it serves, and stops without waiting for its next look at the clock."""

    def __init__(
        self, application: ASGIApp, certificate: Path | None, *, on_ready: Callable[[], object]
    ) -> None:
        # Answers that break off are faults on demand here, and uvicorn would log each as an error of the application.
        logging.getLogger("uvicorn.error").addFilter(_is_not_a_broken_answer)
        super().__init__(
            uvicorn.Config(
                application,
                log_level="warning",
                access_log=False,
                lifespan="off",
                server_header=False,
                date_header=True,
                backlog=_BACKLOG,
                ssl_certfile=certificate,
            )
        )
        self._on_ready = on_ready
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Stops serving soon; for other threads."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has stopped
                self._loop.call_soon_threadsafe(self._ending.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts serving, then reports it."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def main_loop(self) -> None:
        """As uvicorn's; `end` is heard at once, a signal as there."""
        look = 0
        while not await self.on_tick(look):
            look += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _SECONDS_BETWEEN_LOOKS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which always waits for a tenth of a second: answers under way have a second to end."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        deadline = monotonic() + _SECONDS_FOR_ANSWERS
        while (state.connections or state.tasks) and monotonic() < deadline:  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(_SECONDS_UNTIL_CLOSED)
        for task in state.tasks:
            task.cancel()


def _is_not_a_broken_answer(record: logging.LogRecord) -> bool:
    return "without completing response" not in record.getMessage()


def _listen(config: SimulatorConfig) -> socket.socket:
    if config.certificate is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(config.certificate)
        except OSError as error:
            raise SimulatorStartError(
                f"{config.certificate} does not hold a key and a certificate that belong together, in PEM: {error}."
            ) from error
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SimulatorStartError(
            f"The simulated JAMF Pro server cannot listen on {config.host}:{config.port}: {error.strerror}. "
            "Choose another port, or 0 for a free one."
        ) from error
    return listener


def _base_url(config: SimulatorConfig, listener: socket.socket) -> str:
    scheme = "http" if config.certificate is None else "https"
    return f"{scheme}://{config.host}:{listener.getsockname()[1]}"
