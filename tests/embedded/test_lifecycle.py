"""The embedded server lives exactly as long as somebody uses it, whoever is killed meanwhile."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable

import psycopg
import pytest

from moss_jamf_pipeline.embedded.account import account_for
from moss_jamf_pipeline.embedded.cluster import find_binaries
from moss_jamf_pipeline.embedded.launcher import Launch
from moss_jamf_pipeline.embedded.layout import ServerRecord
from moss_jamf_pipeline.embedded.locks import wait_until_unlocked
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgresError
from tests.embedded.conftest import Client, Server, needs_linux, wait_until_gone
from tests.support.databases import connect_when_ready


def test_the_first_lease_makes_two_databases_on_loopback_only(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        for database in ("moss", "dagster"):
            with psycopg.connect(lease.url(database)) as connection:
                row = connection.execute(
                    """
                    select current_database(), current_setting('server_encoding'),
                           current_setting('timezone'), current_setting('listen_addresses'),
                           current_setting('unix_socket_directories'), current_setting('jit'),
                           lower('É')
                    """
                ).fetchone()
            assert row == (database, "UTF8", "UTC", "127.0.0.1", "", "off", "é")


def test_nobody_gets_in_without_the_password(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        password = server.files.password()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(lease.url("moss").replace(password, "wrong"))
        assert server.files.password_file.stat().st_mode & 0o777 == 0o600
        assert password not in repr(lease)


def test_the_server_ends_with_the_last_lease(server: Server) -> None:
    first = server.postgres.connect_lease()
    second = server.postgres.connect_lease()
    processes = server.processes
    first.release()
    with psycopg.connect(second.url("moss")):
        pass
    second.release()
    wait_until_gone(processes)
    assert not server.postgres.status().is_running


def test_data_and_port_survive_a_restart(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        url = lease.url("moss")
        with psycopg.connect(url) as connection:
            connection.execute("create table kept as select 7 as number")
    wait_until_gone(server.survivors())
    with server.postgres.connect_lease() as lease:
        assert lease.url("moss") == url
        with psycopg.connect(url) as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)


def test_a_killed_client_does_not_leak_the_server(
    server: Server, start_client: Callable[[], Client]
) -> None:
    client = start_client()
    client.wait_for_port()
    processes = server.processes
    client.process.kill()
    wait_until_gone(processes)


def test_a_killed_client_leaves_the_server_to_the_others(
    server: Server, start_client: Callable[[], Client]
) -> None:
    client = start_client()
    client.wait_for_port()
    with server.postgres.connect_lease() as lease:
        client.process.kill()
        client.process.wait()
        with psycopg.connect(lease.url("moss")):
            pass


def test_clients_that_start_at_once_share_one_server(
    server: Server, start_client: Callable[[], Client]
) -> None:
    clients = [start_client() for _ in range(4)]
    ports = {client.wait_for_port() for client in clients}
    assert len(ports) == 1
    assert {process.pid for process in server.survivors()} == {
        server.supervisor.pid,
        server.postmaster.pid,
    }


def test_a_client_killed_while_it_starts_the_server_does_not_block_the_next(
    server: Server, start_client: Callable[[], Client]
) -> None:
    start_client().process.kill()
    with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
        pass


def test_interrupting_a_client_in_its_terminal_leaves_the_server_alone(
    server: Server, start_client: Callable[[], Client]
) -> None:
    client = start_client()
    client.wait_for_port()
    with server.postgres.connect_lease() as lease:
        os.killpg(client.process.pid, signal.SIGINT)
        client.process.wait()
        with psycopg.connect(lease.url("moss")):
            pass
        assert os.getsid(server.postmaster.pid) == os.getsid(server.supervisor.pid)
        assert os.getsid(server.supervisor.pid) not in (client.process.pid, os.getsid(0))


@needs_linux
def test_a_killed_supervisor_takes_the_server_with_it(server: Server) -> None:
    with server.postgres.connect_lease():
        postmaster = server.postmaster
        server.supervisor.kill()
        wait_until_gone([postmaster])


def test_the_lease_revives_a_server_whose_supervisor_was_killed(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        url = lease.url("moss")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table kept as select 7 as number")
        server.supervisor.kill()
        wait_until_unlocked(server.files.supervisor_lock)
        lease.restart_if_ended()
        assert lease.url("moss") == url
        with psycopg.connect(url) as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)


def test_a_killed_postmaster_is_started_again_under_its_clients(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        url = lease.url("moss")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table kept as select 7 as number")
        postmaster = server.postmaster
        postmaster.kill()
        wait_until_gone([postmaster])
        with connect_when_ready(url) as again:
            assert again.execute("select number from kept").fetchone() == (7,)


def test_everything_killed_at_once_is_cleared_at_the_next_start(
    server: Server, start_client: Callable[[], Client]
) -> None:
    client = start_client()
    client.wait_for_port()
    processes = server.processes
    client.process.kill()
    for process in processes:
        process.kill()
    wait_until_unlocked(server.files.supervisor_lock)
    with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
        pass


def test_a_kept_server_stays_until_it_is_stopped(server: Server) -> None:
    status = server.postgres.start_and_keep()
    assert (status.is_running, status.is_kept, status.version) == (True, True, "18.4")
    postmaster = server.postmaster
    with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
        assert server.postmaster == postmaster
    assert postmaster.is_running()
    assert server.postgres.stop() is True
    status = server.postgres.status()
    assert (status.is_running, status.is_kept) == (False, False)
    assert server.postgres.stop() is False


def test_stopping_ends_the_server_under_its_clients_and_they_can_have_it_back(
    server: Server,
) -> None:
    with server.postgres.connect_lease() as lease:
        processes = server.processes
        assert server.postgres.stop() is True
        wait_until_gone(processes)
        lease.restart_if_ended()
        with psycopg.connect(lease.url("moss")):
            pass


def test_another_port_is_taken_when_the_old_one_is_occupied(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        port = lease.status().port
    wait_until_gone(server.survivors())
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        occupant.bind(("127.0.0.1", port))
        occupant.listen()
        with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
            assert lease.status().port != port


def test_a_pid_file_whose_number_now_belongs_to_another_process_does_no_harm(
    server: Server,
) -> None:
    with server.postgres.connect_lease():
        server.supervisor.suspend()
        pid_file = server.files.data / "postmaster.pid"
        content = pid_file.read_text()
        server.supervisor.resume()
    wait_until_gone(server.survivors())
    account = account_for(server.files.path)
    with subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, user=account.uid if account else None
    ) as innocent:
        pid_file.write_text("\n".join([str(innocent.pid), *content.splitlines()[1:]]) + "\n")
        if account:
            os.chown(pid_file, account.uid, account.gid)
        with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
            assert innocent.poll() is None


def test_a_server_that_somebody_else_started_on_the_data_is_not_touched(server: Server) -> None:
    with server.postgres.connect_lease() as lease:
        port = lease.status().port
    wait_until_gone(server.survivors())
    account = account_for(server.files.path)
    foreign = Launch(
        command=[
            str(find_binaries() / "postgres"),
            *("-D", str(server.files.data), f"--port={port}"),
            *("--unix_socket_directories=", "--listen_addresses=127.0.0.1"),
        ],
        needed=[str(server.files.data)],
        parent=os.getpid(),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
    )
    url = server.postgres.url("moss")
    with subprocess.Popen(foreign.as_arguments(), stderr=subprocess.DEVNULL) as process:
        try:
            with connect_when_ready(url):
                pass
            with pytest.raises(
                EmbeddedPostgresError, match="ended while it was starting"
            ) as raised:
                server.postgres.connect_lease()
            assert "shared memory" in str(raised.value)
            with psycopg.connect(url):
                pass
        finally:
            process.send_signal(signal.SIGINT)


def test_an_interrupted_first_start_leaves_nothing_that_looks_finished(server: Server) -> None:
    with server.postgres.connect_lease():
        pass
    wait_until_gone(server.survivors())
    server.files.data.rename(server.files.unfinished_data)
    (server.files.unfinished_data / "PG_VERSION").unlink()
    with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
        assert not server.files.unfinished_data.exists()


def test_data_of_another_version_are_refused_with_a_remedy(server: Server) -> None:
    with server.postgres.connect_lease():
        pass
    wait_until_gone(server.survivors())
    (server.files.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 17; this is 18") as raised:
        server.postgres.connect_lease()
    assert "MOSS_DATABASE_URL" in raised.value.remedy


def test_a_failed_start_shows_the_end_of_the_log_and_no_password(server: Server) -> None:
    with server.postgres.connect_lease():
        pass
    wait_until_gone(server.survivors())
    with (server.files.data / "postgresql.auto.conf").open("a") as configuration:
        configuration.write("nonsense = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="ended while it was starting") as raised:
        server.postgres.connect_lease()
    assert "nonsense" in raised.value.log
    assert server.files.password() not in str(raised.value)
    assert not server.postgres.status().is_running


def test_a_lost_password_is_an_error_that_names_the_file(server: Server) -> None:
    with server.postgres.connect_lease():
        pass
    wait_until_gone(server.survivors())
    server.files.password_file.unlink()
    with pytest.raises(EmbeddedPostgresError, match="password is missing"):
        server.postgres.connect_lease()


def test_a_changed_password_is_an_error_not_a_wait(server: Server) -> None:
    with server.postgres.connect_lease():
        pass
    wait_until_gone(server.survivors())
    server.files.password_file.write_text("changed\n")
    with pytest.raises(EmbeddedPostgresError, match="does not accept the password"):
        server.postgres.connect_lease()


def test_looking_at_a_server_that_never_ran_makes_nothing(server: Server) -> None:
    status = server.postgres.status()
    assert (status.is_running, status.is_kept, status.port) == (False, False, None)
    assert server.postgres.stop() is False
    assert not server.files.path.exists()


def test_a_directory_that_cannot_be_made_is_named_with_a_remedy(server: Server) -> None:
    server.files.path.parent.write_text("a file where the state directory should be")
    with pytest.raises(EmbeddedPostgresError, match="cannot be used") as raised:
        server.postgres.connect_lease()
    assert str(server.files.path) in str(raised.value)
    assert "MOSS_JAMF_STATE_DIR" in raised.value.remedy
    server.files.path.parent.unlink()


def test_a_record_without_a_version_is_readable(server: Server) -> None:
    server.files.path.mkdir(parents=True)
    server.files.write_record(ServerRecord(port=5432, version=None), None)
    assert server.postgres.status().port == 5432


def test_secrets_of_the_client_do_not_reach_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "correct-horse")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    with server.postgres.connect_lease():
        for process in server.processes:
            assert not {"JAMF_CLIENT_SECRET", "PGOPTIONS"} & process.environ().keys()
