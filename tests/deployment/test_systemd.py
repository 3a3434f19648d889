"""`deploy/systemd`: the units as systemd understands them, and the same processes as everywhere else."""

import re
import shlex
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path
from typing import Final

import pytest
import yaml

from moss_jamf_pipeline.settings import PROJECT_ROOT, Settings
from tests.deployment.compose import IMAGE, composed
from tests.support.programs import program

DIRECTORY: Final = PROJECT_ROOT / "deploy" / "systemd"
UNITS: Final = sorted(DIRECTORY.glob("*.service"))
_SERVERS: Final = ("code", "webserver", "daemon", "companion")


def _lines(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    programs = Path(sys.executable).parent
    for file in (*UNITS, DIRECTORY / "moss-jamf.target"):
        text = file.read_text(encoding="utf-8").replace("/opt/moss-jamf/bin", str(programs))
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    units = [str(file) for file in sorted(tmp_path.iterdir())]
    verified = subprocess.run(
        [analyze, "verify", "--man=no", "--generators=no", *units],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    # It finds what is wrong.
    (tmp_path / "wrong.service").write_text("[Service]\nExecStart=/no/such\nProtectHomes=true\n")
    wrong = subprocess.run(
        [analyze, "verify", "--man=no", "--generators=no", str(tmp_path / "wrong.service")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "ProtectHomes" in wrong.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_no_unit_has_rights_that_it_does_not_need(unit: Path) -> None:
    parser = RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit)
    service = parser["Service"]
    assert service["User"] == "moss-jamf"
    assert service["NoNewPrivileges"] == "true"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["MemoryMax"]
    assert service.get("Restart") == (None if "init" in unit.name else "always")


def test_they_are_the_processes_of_the_compose_file() -> None:
    services = composed({})["services"]
    for name in _SERVERS:
        (command,) = _lines(DIRECTORY / f"moss-jamf-{name}.service", "ExecStart")
        here = shlex.split(command)
        there = services[name]["command"]
        if there[0] == "sh":
            there = shlex.split(there[2].removeprefix("exec "))[:2]
        of_the_place = ("--host", "--port", "--workspace")
        assert Path(here[0]).name == there[0]
        assert [word for word in here[1:] if not word.startswith(of_the_place)] == [
            word for word in there[1:] if not word.startswith(of_the_place)
        ]
    secrets = {
        name: {
            line.partition(":")[0]
            for line in _lines(DIRECTORY / f"moss-jamf-{name}.service", "LoadCredential")
        }
        for name in ("init", *_SERVERS)
    }
    assert secrets == {name: set(services[name]["secrets"]) - {"simulator.pem"} for name in secrets}


def test_every_setting_and_secret_is_one_that_the_project_reads() -> None:
    read = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    settings = re.findall(r"^#?([A-Z_]+)=", (DIRECTORY / "settings").read_text(), re.MULTILINE)
    assert set(settings) <= read
    made = (DIRECTORY / "install.sh").read_text()
    for unit in UNITS:
        for line in _lines(unit, "LoadCredential"):
            name, _, file = line.partition(":")
            assert name in read
            assert file == f"/etc/moss-jamf/secrets/{name}"
            assert name in made


def test_the_workspace_is_the_images_on_this_machine() -> None:
    (here,) = yaml.safe_load((DIRECTORY / "workspace.yaml").read_text())["load_from"]
    (there,) = yaml.safe_load((IMAGE / "workspace.yaml").read_text())["load_from"]
    assert here == {"grpc_server": {**there["grpc_server"], "host": "127.0.0.1"}}
