"""`deploy/compose/compose.yaml` as Compose understands it, and its processes without containers.

There is no Docker where tests run. So a container is its process: with the command, environment, secrets and health
check of the file and nothing besides, as a user of its own, in a DAGSTER_HOME that it may not write. The names and
ports of containers become ports of this machine.
"""

import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from moss_jamf_pipeline.settings import PROJECT_ROOT

DIRECTORY: Final = PROJECT_ROOT / "deploy" / "compose"
IMAGE: Final = PROJECT_ROOT / "deploy" / "image"
USER: Final = 10001
_INTERPOLATED: Final = re.compile(r"\$(?:(\$)|\{(\w+)(?::-([^}]*))?\})")
_LISTENS: Final = {"code": 4000, "webserver": 3000, "companion": 3100, "simulator": 8443}


def composed(environment: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables replaced, as `docker compose config` shows it.

    Args:
        environment: what stands in `.env`.
    """

    def value(found: re.Match[str]) -> str:
        dollar, name, default = found.groups()
        return dollar or environment.get(name) or default or ""

    document = yaml.safe_load((DIRECTORY / "compose.yaml").read_text(encoding="utf-8"))
    services = document["services"]
    replaced = yaml.safe_load(_INTERPOLATED.sub(value, yaml.safe_dump(services)))
    for service in replaced.values():
        variables = service.get("environment", {})
        for name in [name for name, given in variables.items() if given is None]:
            # As in Compose: one that is named without a value is handed on, if there is one.
            variables.pop(name)
            if environment.get(name):
                variables[name] = environment[name]
    return {**document, "services": replaced}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Container:
    """The process of a service.

    Attributes:
        name: of the service.
        process: it.
        log: what it says.
    """

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        """Everything it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self, seconds: float) -> int:
        """Ends it as `docker stop` does, and returns how it ended; what it leaves behind dies with it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends everything in it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Deployment:
    """The services of the file as processes of this machine.

    Args:
        installed: what `deploy/image/install.sh` has made.
        place: a directory for what they keep.
        environment: what stands in `.env`.
        secrets: the files of secrets.
    """

    def __init__(
        self,
        installed: Path,
        place: Path,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> None:
        self._installed = installed
        self._place = place
        self._services = composed(environment)["services"]
        self._secrets = secrets
        self.ports = {name: free_port() for name in _LISTENS}
        self._home = place / "dagster"
        (self._home / "storage").mkdir(parents=True)
        _given_away(self._home / "storage")
        (place / "tmp").mkdir()
        _given_away(place / "tmp")
        (self._home / "dagster.yaml").write_bytes((PROJECT_ROOT / "dagster.yaml").read_bytes())
        workspace = (IMAGE / "workspace.yaml").read_text(encoding="utf-8")
        (self._home / "workspace.yaml").write_text(
            workspace.replace("host: code", "host: 127.0.0.1").replace(
                "4000", str(self.ports["code"])
            ),
            encoding="utf-8",
        )

    def url(self, service: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def simulator(self) -> httpx.Client:
        """Of the simulated JAMF Pro, which serves https by a certificate of its own."""
        _, begin, certificate = self._secrets["simulator.pem"].partition("-----BEGIN CERT")
        trusted = ssl.create_default_context(cadata=begin + certificate)
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.ports['simulator']}", verify=trusted, trust_env=False
        )

    def secrets_of(self, service: str) -> Path:
        """What stands in /run/secrets there."""
        return self._place / "secrets" / service

    def start(self, name: str) -> Container:
        """Starts a service."""
        service = self._services[name]
        log = self._place / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *_as_user(self._installed),
                    *(self._here(name, word) for word in service["command"]),
                ],
                env=self._environment(name),
                cwd=self._place / "tmp",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Container(name, process, log)

    def run(self, name: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command in the container of a service (`docker compose exec`), or the service's own to its end."""
        words = command or tuple(self._services[name]["command"])
        return subprocess.run(
            [*_as_user(self._installed), *(self._here(name, word) for word in words)],
            env=self._environment(name),
            cwd=self._place / "tmp",
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def is_healthy(self, name: str) -> bool:
        """Whether a service passes its health check."""
        _, *command = self._services[name]["healthcheck"]["test"]
        return self.run(name, *command).returncode == 0

    def _environment(self, name: str) -> dict[str, str]:
        service = self._services[name]
        secrets = self.secrets_of(name)
        secrets.mkdir(parents=True, exist_ok=True)
        for secret in service.get("secrets", ()):
            (secrets / secret).write_text(self._secrets.get(secret, ""), encoding="utf-8")
        given = {
            variable: self._here(name, str(value))
            for variable, value in service.get("environment", {}).items()
        }
        return {
            "PATH": f"{self._installed / 'bin'}:/usr/bin:/bin",
            "DAGSTER_HOME": str(self._home),
            "MOSS_JAMF_STATE_DIR": str(self._place / "tmp" / "moss-jamf"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore:Parameter,ignore:Function,ignore:Class",
            "TMPDIR": str(self._place / "tmp"),
            **given,
        }

    def _here(self, name: str, word: str) -> str:
        """What stands in the file, with the names, ports and places of this machine."""
        for other, port in _LISTENS.items():
            port_here = self.ports[other]
            word = re.sub(rf"\b{other}:{port}\b", f"127.0.0.1:{port_here}", word)
            word = re.sub(
                rf"(?<![\d.])(127\.0\.0\.1:|--port[= ]){port}\b", rf"\g<1>{port_here}", word
            )
        for there, here in (
            ("0.0.0.0", "127.0.0.1"),
            ("/opt/dagster", str(self._home)),
            ("/run/secrets", str(self.secrets_of(name))),
        ):
            word = word.replace(there, here)
        return word


@cache
def _as_user(installed: Path) -> list[str]:
    """What makes a process one of the image's own user; nothing where that one may not even run its Python."""
    if os.getuid() != 0:
        return []
    becoming = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs"]
    tried = subprocess.run([*becoming, str(installed / "bin/python"), "-c", ""], check=False)
    return becoming if tried.returncode == 0 else []


def _given_away(directory: Path) -> None:
    if os.getuid() == 0:
        os.chown(directory, USER, USER)
