"""The row in M.O.S.S. as the command line sees it: which one is meant, off and on, when it is synced next."""

import psycopg
import pytest

from tests.cli.conftest import CommandLine


def _execute(command_line: CommandLine, statement: str) -> None:
    with psycopg.connect(command_line.environment["MOSS_DATABASE_URL"]) as connection:
        connection.execute(statement.encode())


def test_an_integration_that_is_off_is_not_synced_until_init_switches_it_on(
    moss_command_line: CommandLine,
) -> None:
    _execute(moss_command_line, "update integration_configs set is_enabled = false")
    refused = moss_command_line.run("sync")
    assert refused.returncode == 1
    assert "switched off in M.O.S.S." in refused.stderr
    assert "moss-jamf init --enable" in refused.stderr
    status = moss_command_line.json("status")
    assert (status["enabled"], status["schedule"]["next_tick"]) == (False, None)
    assert "switched off in M.O.S.S." in status["schedule"]["why_not"]
    assert "no sync is due" in moss_command_line.run("status").stdout
    assert not moss_command_line.json("init")["integration_enabled"]

    assert "now it is on" in moss_command_line.run("init", "--enable").stdout
    assert moss_command_line.json("status")["schedule"]["next_tick"] is not None
    assert moss_command_line.json("init", "--enable")["integration_enabled"]


def test_the_next_sync_is_the_rows_and_what_is_left_out_is_said(
    moss_command_line: CommandLine,
) -> None:
    _execute(
        moss_command_line,
        """update integration_configs set sync_schedule = '30 2 1 1 *', access_scope = '{"jamf_smart_group_id": 7}',
           sync_settings = '{"sync_users": false}'""",
    )
    status = moss_command_line.json("status")
    assert status["schedule"]["cron"] == "30 2 1 1 *"
    assert status["schedule"]["next_tick"][4:16] == "-01-01T02:30"
    assert (status["scope_groups"], list(status["switched_off"])) == (["7"], ["users"])
    shown = moss_command_line.run("status").stdout
    assert "only computers of the JAMF group '7'" in shown
    assert "switched off in M.O.S.S." in shown
    _execute(moss_command_line, "update integration_configs set sync_schedule = 'now and then'")
    assert "'now and then'" in moss_command_line.json("status")["schedule"]["why_not"]


@pytest.mark.parametrize("command", [("status",), ("sync",), ("init",)], ids=" ".join)
def test_of_several_integrations_none_is_guessed(
    moss_command_line: CommandLine, command: tuple[str, ...]
) -> None:
    _execute(
        moss_command_line,
        "insert into integration_configs (integration_type, name, config) values ('jamf', 'Second', '{}')",
    )
    unclear = moss_command_line.run(*command)
    assert unclear.returncode == 1
    for said in ("'JAMF Pro' (production)", "'Second' (production, switched off)"):
        assert said in unclear.stderr
    named = moss_command_line.run("status", MOSS_JAMF_INTEGRATION="JAMF Pro")
    assert named.returncode == 0, named.stderr


def test_a_row_made_in_moss_is_used_as_it_is(moss_command_line: CommandLine) -> None:
    _execute(
        moss_command_line,
        """update integration_configs set name = 'Apple &amp; Co', sync_schedule = null, auto_sync_enabled = true,
           config = '{"base_url": "https:&#x2F;&#x2F;x.jamfcloud.com&#x2F;"}'""",
    )
    made = moss_command_line.json("init")
    assert (made["integration"], made["integration_created"]) == ("Apple & Co", False)
    assert moss_command_line.json("status")["schedule"]["cron"] == "0 */6 * * *"


def test_case_t12_init_asks_for_what_is_lacking_and_for_nothing_that_is_there(
    moss_command_line: CommandLine,
) -> None:
    environment = moss_command_line.environment
    assert "Next: `moss-jamf doctor`" in moss_command_line.run("init").stdout
    server = environment.pop("JAMF_BASE_URL")
    assert "Next: Set JAMF_BASE_URL" in moss_command_line.run("init").stdout
    with psycopg.connect(environment["MOSS_DATABASE_URL"]) as connection:
        connection.execute(
            "update public.integration_configs set config = jsonb_build_object('base_url', %s::text)",
            (server,),
        )
    assert "Next: `moss-jamf doctor`" in moss_command_line.run("init").stdout
    del environment["JAMF_CLIENT_SECRET"]
    assert "Next: Set JAMF_CLIENT_SECRET, or unset" in moss_command_line.run("init").stdout
