"""Connections to the M.O.S.S. database when the server is away, refuses, or dies under a statement."""

import socket
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import LockedByOthers, MossUnreachable, TableLocked
from tests.db.support import terminate

# A connection is the same whatever the tables are called.
pytestmark = pytest.mark.dialects("strategy")

_SECRET = "hush-hush"


def _with(url: str, *, user: str = "moss", port: int | None = None, query: str = "") -> str:
    parts = urlsplit(url)
    place = f"{user}:{_SECRET}@{parts.hostname}:{port or parts.port}"
    return urlunsplit(parts._replace(netloc=place, query=query))


def _no_secret(error: BaseException) -> bool:
    """Whether neither the error nor anything it was raised from shows the password."""
    shown = f"{error} {error!r} {error.args}"
    cause = error.__cause__
    return _SECRET not in shown and (cause is None or _no_secret(cause))


def _open(url: str) -> None:
    database = MossDatabase(url)
    try:
        with database.connection() as connection:
            connection.execute("select 1")
    finally:
        database.dispose()


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    assert isinstance(port, int)
    return port


def test_a_server_that_does_not_answer_is_said_in_words(moss_database: str) -> None:
    url = _with(moss_database, port=_closed_port())
    with pytest.raises(MossUnreachable, match="Connection refused") as caught:
        _open(url)
    assert "MOSS_DATABASE_URL" in caught.value.remedy
    assert caught.value.is_transient
    assert _no_secret(caught.value)


def test_a_wrong_password_is_said_without_it(moss_database: str) -> None:
    user = urlsplit(moss_database).username or ""
    with pytest.raises(MossUnreachable, match="authentication failed") as caught:
        _open(_with(moss_database, user=user))
    assert _no_secret(caught.value)


def test_a_missing_database_is_said_by_its_name(moss_database: str) -> None:
    url = urlunsplit(urlsplit(moss_database)._replace(path="/no_such_database"))
    with pytest.raises(MossUnreachable, match="no_such_database"):
        _open(url)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://moss:{_SECRET}@db.example.org:5432/moss",
        f"postgresql://moss@db.example.org/moss?password={_SECRET}&sslmode=require",
        f"postgresql://moss@db.example.org/moss?sslpassword={_SECRET}",
    ],
)
def test_the_database_is_named_without_any_password(url: str) -> None:
    database = MossDatabase(url)
    assert _SECRET not in database.where
    assert "db.example.org" in database.where
    assert _SECRET not in repr(database)


def test_a_password_in_the_query_is_used(moss_database: str) -> None:
    parts = urlsplit(moss_database)
    place = f"{parts.username}@{parts.hostname}:{parts.port}"
    _open(urlunsplit(parts._replace(netloc=place, query=f"password={parts.password}")))


def test_a_connection_that_is_killed_under_a_statement_says_so_and_the_next_one_works(
    database: MossDatabase,
) -> None:
    def be_killed() -> None:
        with database.connection() as connection:
            terminate(database, connection)
            connection.execute("select 1")

    with pytest.raises(MossUnreachable, match="terminating connection") as caught:
        be_killed()
    assert caught.value.is_transient
    with database.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_pooled_connection_that_died_while_idle_is_replaced_unnoticed(
    database: MossDatabase, moss_database: str
) -> None:
    with database.connection() as connection:
        pid = connection.info.backend_pid
    with psycopg.connect(moss_database) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
    with database.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert connection.info.backend_pid != pid


def test_a_transaction_is_rolled_back_when_its_connection_is_killed(database: MossDatabase) -> None:
    def be_killed() -> None:
        with database.transaction() as connection:
            connection.execute("insert into locations (name) values ('HQ')")
            terminate(database, connection)
            connection.execute("select 1")

    with pytest.raises(MossUnreachable):
        be_killed()
    with database.connection() as connection:
        assert connection.execute("select count(*) from locations").fetchone() == (0,)


def test_an_exception_rolls_a_transaction_back_and_passes_unchanged(database: MossDatabase) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("insert into locations (name) values ('HQ')")
            raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        fail()
    with database.connection() as connection:
        assert connection.execute("select count(*) from locations").fetchone() == (0,)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            ["set lock_timeout = '1ms'", "create index on locations (name)"],
            LockedByOthers,
        ),
        (["set statement_timeout = '1ms'", "select pg_sleep(5)"], psycopg.errors.QueryCanceled),
        (["do $$ begin raise sqlstate '40P01'; end $$"], psycopg.errors.DeadlockDetected),
        (["do $$ begin raise sqlstate '40001'; end $$"], psycopg.errors.SerializationFailure),
        (["do $$ begin raise sqlstate '53100'; end $$"], psycopg.errors.DiskFull),
    ],
    ids=["lock timeout", "statement timeout", "deadlock", "serialization", "disk full"],
)
def test_a_server_that_answers_is_not_called_unreachable(
    database: MossDatabase, statements: list[str], expected: type[Exception]
) -> None:
    def run() -> None:
        with database.connection() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    with database.transaction() as holder:
        holder.execute("insert into locations (name) values ('HQ')")
        with pytest.raises(expected):
            run()


def test_case_s07_whoever_keeps_a_table_from_being_read_is_named(database: MossDatabase) -> None:
    def read() -> None:
        with database.connection() as connection:
            connection.execute("set lock_timeout = '50ms'")
            connection.execute("select * from locations")

    with database.transaction() as holder:
        holder.execute("lock table locations in access exclusive mode")
        with pytest.raises(TableLocked) as caught:
            read()
    assert "the table locations of M.O.S.S." in str(caught.value)
    assert f"session {holder.info.backend_pid} of " in str(caught.value)


def test_sessions_keep_utc_and_never_wait_for_ever(database: MossDatabase) -> None:
    with database.connection() as connection:
        shown = [
            connection.execute(f"show {name}".encode()).fetchone()
            for name in ("timezone", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == [("UTC",), ("30s",), ("10min",)]


def test_options_given_in_the_url_are_kept(moss_database: str) -> None:
    database = MossDatabase(f"{moss_database}?options=-c%20work_mem%3D5MB")
    try:
        with database.connection() as connection:
            assert connection.execute("show work_mem").fetchone() == ("5MB",)
            assert connection.execute("show timezone").fetchone() == ("UTC",)
    finally:
        database.dispose()
