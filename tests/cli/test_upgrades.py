"""An installation of an earlier version, with what it has stored, is brought up to date and goes on where it was."""

import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from moss_jamf_pipeline.settings import PROJECT_ROOT
from tests.cli.conftest import CommandLine

_FLEET = ("--computers=120", "--users=90", "--groups=12")
# Before deployments, the story of an object, reports and mobile devices: the schema up to 0061.
_EARLIER = "6636340"


def _earlier_version(directory: Path) -> Path:
    archived = subprocess.run(
        ["git", "-C", str(PROJECT_ROOT), "archive", _EARLIER], check=False, capture_output=True
    )
    if archived.returncode:
        pytest.skip("the history of this checkout does not go back that far")
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as archive:
        archive.extractall(directory, filter="data")
    return directory


@pytest.mark.nightly
def test_after_an_upgrade_the_next_sync_writes_nothing_and_all_is_kept(
    command_line: CommandLine, tmp_path: Path
) -> None:
    earlier = _earlier_version(tmp_path)
    before = subprocess.run(
        [sys.executable, "-m", "moss_jamf_pipeline.cli", "demo", *_FLEET],
        cwd=command_line.directory,
        env={
            **os.environ,
            "PYTHONPATH": str(earlier),
            "MOSS_JAMF_STATE_DIR": str(command_line.state_directory),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert before.returncode == 0, before.stderr

    refused = command_line.run("conflicts", "list")
    assert refused.returncode == 1
    assert "Run `moss-jamf init`" in refused.stderr
    upgraded = command_line.run("init")
    assert upgraded.returncode == 0, upgraded.stderr
    assert "Brought the schema jamf_sync up to date" in upgraded.stdout

    after = command_line.json("demo", *_FLEET)
    assert after["rows_written"] == 0
    assert len(command_line.json("plan", "list")["plans"]) == 2
    assert command_line.json("conflicts", "list")["total"] > 10
    command_line.stop_database()
