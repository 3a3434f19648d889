"""How computers are captured, as the command line asks for it and tells of it."""

import psycopg

from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.cli.conftest import CommandLine


def _sweeps(command_line: CommandLine) -> list[str]:
    with psycopg.connect(command_line.environment["MOSS_DATABASE_URL"]) as connection:
        rows = connection.execute(
            "select sweep from jamf_sync.captures where collection = 'computers' order by capture_id"
        ).fetchall()
    return [sweep for (sweep,) in rows]


def test_a_sync_is_a_full_sweep_unless_it_is_asked_for_less_and_status_and_doctor_say_what_comes(
    moss_command_line: CommandLine,
) -> None:
    status = moss_command_line.json("status")
    assert status["next_sweep"]["kind"] == "full"
    assert "no complete full sweep yet" in moss_command_line.run("status").stdout
    with SimulatorServer(SimulatorConfig(computers=30, users=20, oddities=0)) as jamf:
        moss_command_line.environment["JAMF_BASE_URL"] = jamf.base_url
        for options in ([], ["--sweep", "incremental"], ["--sweep", "auto"]):
            result = moss_command_line.run("sync", *options)
            assert result.returncode == 0, result.stderr
        (sweeps,) = (
            finding["message"]
            for finding in moss_command_line.json("doctor")["findings"]
            if finding["check"] == "Sweeps"
        )
    assert _sweeps(moss_command_line) == ["full", "incremental", "full"]
    status = moss_command_line.json("status")
    assert status["next_sweep"]["kind"] == "incremental"
    assert [capture["sweep"] for capture in status["captures"]] == ["full"] * 4
    printed = moss_command_line.run("status").stdout
    assert "a listing of all, and reads those that changed" in printed
    for said in (printed, sweeps):
        assert "membership of static groups" in said
    assert "incremental" in sweeps


def test_another_word_is_no_way_to_sweep(moss_command_line: CommandLine) -> None:
    result = moss_command_line.run("sync", "--sweep", "half")
    assert result.returncode == 2
    assert "half" in result.stderr
