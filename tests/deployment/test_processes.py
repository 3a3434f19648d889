"""The processes of `deploy/compose` as they are there: what the image holds, started, used and ended.

By `make deployment`, which CI runs; MOSS_JAMF_INSTALLED names a directory that install.sh made before.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.companion.conftest import serving
from tests.companion.moss_pages import LINE, moss_pages
from tests.deployment.compose import DIRECTORY, IMAGE, Container, Deployment, free_port
from tests.support.databases import DatabaseServer
from tests.support.programs import program

pytestmark = pytest.mark.nightly

_SECONDS = 120.0


def wait_until(condition: Callable[[], bool], what: str, containers: Collection[Container]) -> None:
    """Returns when the condition holds; fails with what the processes say."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        ended = [c for c in containers if c.process.poll() is not None]
        if ended or time.monotonic() > deadline:
            said = "\n".join(f"== {c.name}\n{c.said[-3000:]}" for c in containers)
            pytest.fail(f"{what}: {[c.name for c in ended]} ended by themselves\n{said}")
        time.sleep(0.2)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image holds, made by the steps of its Dockerfile."""
    if given := os.environ.get("MOSS_JAMF_INSTALLED"):
        return Path(given)
    directory = tmp_path_factory.mktemp("image")
    _open_to_all(directory)
    # A Python that other users may run, if there is one.
    of_the_system = Path("/usr/bin/python3")
    python = str(of_the_system) if os.getuid() == 0 and of_the_system.exists() else sys.executable
    subprocess.run(
        [str(IMAGE / "install.sh"), str(directory / "opt")],
        env={**os.environ, "PYTHON": python},
        check=True,
    )
    return directory / "opt"


def _open_to_all(directory: Path) -> None:
    for each in (directory, *list(directory.parents)[:3]):
        each.chmod(0o755)


@pytest.fixture(scope="module")
def secrets(
    postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What `prepare.sh --trial` makes, with the databases that the container of PostgreSQL would have."""
    directory = tmp_path_factory.mktemp("compose")
    shutil.copy(DIRECTORY / "prepare.sh", directory)
    made = subprocess.run(
        [str(directory / "prepare.sh"), "--trial"], check=True, capture_output=True, text=True
    )
    assert "docker compose up" in made.stdout
    secrets = {file.name: file.read_text() for file in (directory / "secrets").iterdir()}
    variables = (directory / ".env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in variables if line and line[0] != "#")

    server = urlsplit(postgres_server.url)
    databases = {name: postgres_server.create(name) for name in ("dagster", "trial")}
    role = sql.Identifier("dagster")
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        # The container's own user, who is a superuser there.
        connection.execute(
            sql.SQL("create role {} superuser login password {}").format(
                role, secrets["POSTGRES_PASSWORD"]
            )
        )
    for name in ("MOSS_DATABASE_URL", "DAGSTER_PG_URL"):
        given = urlsplit(secrets[name])
        assert given.hostname == "postgres"
        database = databases[given.path.removeprefix("/")]
        secrets[name] = given._replace(
            netloc=given.netloc.replace("postgres:5432", f"127.0.0.1:{server.port}"),
            path=f"/{database}",
        ).geturl()
    yield {**secrets, **environment}
    for database in databases.values():
        postgres_server.drop(database)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop role {}").format(role))


class Site:
    """Everything of the file that runs, with a M.O.S.S. behind the proxy.

    Attributes:
        deployment: it.
        containers: its processes by name.
        moss_url: of the inventory's database.
        proxy: where people are.
    """

    def __init__(
        self, deployment: Deployment, moss_url: str, proxy: str, token: str | None = None
    ) -> None:
        self.deployment = deployment
        self.moss_url = moss_url
        self.proxy = proxy
        self.token = token
        self.containers: dict[str, Container] = {}

    def start(self, *names: str) -> None:
        for name in names:
            self.containers[name] = self.deployment.start(name)
        started = [self.containers[name] for name in names]
        for name in names:
            wait_until(partial(self.deployment.is_healthy, name), f"{name} is healthy", started)

    def runs(self, job: str = "") -> list[dict[str, Any]]:
        """The runs of the Dagster UI, the newest first."""
        answer = httpx.post(
            f"{self.deployment.url('webserver')}/graphql",
            json={
                "query": "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
            },
            timeout=30,
            trust_env=False,
        ).json()
        runs: list[dict[str, Any]] = answer["data"]["runsOrError"]["results"]
        return [run for run in runs if not job or run["jobName"] == job]

    def one(self, statement: str) -> Any:
        with psycopg.connect(self.moss_url, autocommit=True) as connection:
            row = connection.execute(statement).fetchone()
        return None if row is None else row[0]

    def statuses(self) -> set[str]:
        """What M.O.S.S.'s own history says of the runs."""
        with psycopg.connect(self.moss_url) as connection:
            rows = connection.execute("select distinct status from integration_sync_history")
            return {str(status) for (status,) in rows}

    def ask(self, method: str, path: str) -> httpx.Response:
        """Asks the companion by way of the proxy, as its administrator."""
        return httpx.request(
            method,
            f"{self.proxy}/api/integrations/jamf{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            trust_env=False,
        )


@pytest.fixture(scope="module")
def site(
    installed: Path, secrets: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("deployment")
    _open_to_all(place)
    deployment = Deployment(installed, place, secrets, secrets)
    with ExitStack() as stack:
        moss = urlsplit(stack.enter_context(serving(moss_pages())))
        port = free_port()
        stack.enter_context(_nginx(place, port, deployment.ports["companion"], moss.netloc))
        site = Site(deployment, secrets["MOSS_DATABASE_URL"], f"http://127.0.0.1:{port}")
        prepared = deployment.run("init")
        assert prepared.returncode == 0, prepared.stdout + prepared.stderr
        assert deployment.run("init").returncode == 0
        try:
            site.start("simulator", "code", "companion")
            site.start("webserver", "daemon")
            made = deployment.run("companion", "moss-jamf", "serve", "--new-token", "--json")
            site.token = httpx.Response(200, content=made.stdout).json()["token"]
            yield site
        finally:
            for container in site.containers.values():
                container.kill()


def _nginx(place: Path, port: int, companion: int, moss: str) -> AbstractContextManager[None]:
    template = (DIRECTORY / "nginx.conf.template").read_text()
    server = (
        template.replace("listen 8080", f"listen 127.0.0.1:{port}")
        .replace("companion:3100", f"127.0.0.1:{companion}")
        .replace("${MOSS_UPSTREAM}", moss)
    )
    kept = "".join(
        f"{kind}_temp_path {place}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = place / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {place}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {kept} {server} }}"
    )
    return _running([program("nginx"), "-c", str(configuration), "-e", "stderr"])


@contextmanager
def _running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def _schedule(site: Site, cron: str) -> None:
    site.one(f"update integration_configs set sync_schedule = '{cron}' returning 1")


def test_a_scheduled_sync_goes_through_while_people_open_m_o_s_s_by_the_proxy(site: Site) -> None:
    _schedule(site, "* * * * *")

    assert httpx.get(f"{site.proxy}/healthz", trust_env=False).status_code == 200
    page = httpx.get(f"{site.proxy}/devices/1", trust_env=False)
    assert page.text.count(LINE) == 1
    assert httpx.get(f"{site.proxy}/jamf/embed.js", trust_env=False).status_code == 200
    assert site.ask("GET", "/sync-status").status_code == 200

    every = site.containers.values()
    wait_until(lambda: bool(site.runs("sync_jamf")), "a scheduled sync", every)
    _schedule(site, "0 0 1 1 *")
    wait_until(
        lambda: {run["status"] for run in site.runs("sync_jamf")} == {"SUCCESS"}, "it ends", every
    )
    assert site.one("select count(*) from devices") > 900
    # The webserver and the daemon have no way into M.O.S.S., nor to JAMF.
    for name in ("webserver", "daemon"):
        assert not (site.deployment.secrets_of(name) / "MOSS_DATABASE_URL").exists()


def test_a_code_server_that_is_told_to_end_lets_its_run_end_first(site: Site) -> None:
    with slow_sync(site) as run:
        assert site.containers.pop("code").stop(120) == 0
        assert run()["status"] == "SUCCESS"
    site.start("code")


def test_a_run_whose_container_is_killed_is_told_and_made_good_by_another(site: Site) -> None:
    with slow_sync(site) as run:
        site.containers.pop("code").kill()
        assert run()["status"] == "STARTED"
    site.start("code")
    running = site.containers.values()
    wait_until(lambda: run()["status"] == "FAILURE", "the dead run is closed", running)
    # What a crash ended Dagster tries again, once (dagster.yaml).
    wait_until(
        lambda: site.runs("sync_jamf_users")[0]["status"] == "SUCCESS", "it is made good", running
    )
    assert "in_progress" not in site.statuses()


@contextmanager
def slow_sync(site: Site) -> Iterator[Callable[[], dict[str, Any]]]:
    """A sync at work, which waits for JAMF; yields what tells of it."""
    jamf = site.deployment.simulator()
    jamf.put("/simulator/faults", json={"latency": {"milliseconds": 4000}}).raise_for_status()
    asked = site.ask("POST", "/sync-users")
    assert asked.status_code == 202, asked.text
    run_id = asked.json()["run_id"]

    def run() -> dict[str, Any]:
        (found,) = [each for each in site.runs() if each["runId"] == run_id]
        return found

    running = site.containers.values()
    # From then on it holds its lock.
    wait_until(lambda: "in_progress" in site.statuses(), "it works", running)
    yield run
    jamf.delete("/simulator/faults").raise_for_status()


@pytest.mark.parametrize("name", ["companion", "daemon", "webserver", "code", "simulator"])
def test_each_process_ends_by_itself_when_it_is_told_to(site: Site, name: str) -> None:
    container = site.containers.pop(name)
    before = len(container.said)
    code = container.stop(60)
    assert code in (0, -signal.SIGTERM), container.said
    assert "Traceback" not in container.said[before:]
