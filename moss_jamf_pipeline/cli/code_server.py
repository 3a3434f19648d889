"""The code server of `moss-jamf up`: one process has the definitions loaded, for the webserver and the daemon alike.

Left to themselves each of the two starts one of its own, which ends itself after some seconds without a sign of life
from its parent, as when the machine stalls; from then on every launch fails, and nothing says so. This one ends with
`up`, is started again when it ends by itself, and is killed and started again when it does not answer for a while.
Runs are its children and outlive it.
"""

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.cli.output import CommandFailed
from moss_jamf_pipeline.cli.processes import Server, Servers
from moss_jamf_pipeline.orchestration.dagster_internals import (
    DagsterGrpcClient,
    DagsterUserCodeUnreachableError,
)

_LOCATION: Final = "moss_jamf_pipeline"
_DEFINITIONS: Final = "moss_jamf_pipeline.definitions"
_SECONDS_TO_START: Final = 120.0
_SECONDS_BETWEEN_LOOKS: Final = 5.0
_SECONDS_BETWEEN_FIRST_LOOKS: Final = 0.2
_SECONDS_TO_ANSWER: Final = 5
# A server that is busy with a long tick answers others meanwhile; one that is stopped, or has no memory left, does not.
_SECONDS_OF_SILENCE: Final = 30.0


class CodeServer:
    """The code server of one `up`.

    Args:
        servers: it is one of them.
        log_file: where its output goes.
        environment: variables it gets besides ours; runs get them from it.
        place: a directory of its own, that nobody else may look into.
        shows_everything: whether its whole output is shown, not only warnings and errors.

    Attributes:
        server: the process.
        workspace: the file by which webserver and daemon find it.
    """

    def __init__(
        self,
        servers: Servers,
        log_file: Path,
        environment: Mapping[str, str],
        place: Path,
        *,
        shows_everything: bool,
    ) -> None:
        self._servers = servers
        self._socket = str(place / "code.sock")
        self._client = DagsterGrpcClient(socket=self._socket)
        self.workspace = place / "workspace.yaml"
        self.workspace.write_text(
            "load_from:\n"
            f"  - grpc_server: {{socket: {self._socket}, host: localhost, location_name: {_LOCATION}}}\n",
            encoding="utf-8",
        )
        self.server = servers.add(
            Server(
                "code server",
                [
                    *(sys.executable, "-m", "dagster", "api", "grpc"),
                    *("--socket", self._socket, "--module-name", _DEFINITIONS),
                    *("--location-name", _LOCATION, "--log-level", "warning"),
                ],
                log_file=log_file,
                environment=environment,
                shows_everything=shows_everything,
                is_kept_up=True,
            )
        )

    def wait_until_it_answers(self) -> Server | None:
        """Returns when it answers, or it is no use to wait; then a server that ended by itself is returned.

        Raises:
            CommandFailed: it does not answer in time.
        """
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline and not self._servers.is_told_to_end:
            if (ended := self._servers.first_ended()) is not None:
                return ended
            if self._answers():
                threading.Thread(target=self._watch, name="code server watch", daemon=True).start()
                return None
            time.sleep(_SECONDS_BETWEEN_FIRST_LOOKS)
        if self._servers.is_told_to_end:
            return None
        raise CommandFailed(
            f"The code server did not answer within {_SECONDS_TO_START:.0f} seconds.",
            f"Its last words are in {self.server.log_file}.",
        )

    def _watch(self) -> None:
        """Has it started again whenever it has been silent for too long."""
        heard = time.monotonic()
        while self.server.exit_code is None and not self._servers.is_told_to_end:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            if self._answers():
                heard = time.monotonic()
            elif time.monotonic() - heard > _SECONDS_OF_SILENCE:
                self.server.restart()
                # As long as at the beginning, until it is expected to answer.
                heard = time.monotonic() + _SECONDS_TO_START

    def _answers(self) -> bool:
        try:
            self._client.get_server_id(timeout=_SECONDS_TO_ANSWER)
        except DagsterUserCodeUnreachableError:
            return False
        return True


@contextmanager
def place_for_a_socket() -> Iterator[Path]:
    """A directory for a socket, whose path may not be long; gone at the end."""
    place = Path(tempfile.mkdtemp(prefix="moss-jamf-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
