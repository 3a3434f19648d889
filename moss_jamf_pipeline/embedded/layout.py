"""The files of one embedded server and what is written in the small ones."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from moss_jamf_pipeline.embedded.account import Account
from moss_jamf_pipeline.embedded.errors import USE_ANOTHER_SERVER, EmbeddedPostgresError

ROLE = "moss"

_LARGEST_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class ServerRecord:
    """Where the server listens; kept after it stopped, so that it comes back at the same port.

    Attributes:
        port: its TCP port on 127.0.0.1.
        version: PostgreSQL's version, e.g. `18.4`; None before the first start succeeded.
    """

    port: int
    version: str | None


@dataclass(frozen=True)
class ServerDirectory:
    """The directory of one embedded server, `<state directory>/postgres`.

    Attributes:
        path: the directory, absolute.
    """

    path: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.path / "data"

    @property
    def unfinished_data(self) -> Path:
        """A data directory that `initdb` has not finished; renamed to `data` when it has."""
        return self.path / "data.unfinished"

    @property
    def start_lock(self) -> Path:
        """Held exclusively while somebody decides about a start, until the server is ready."""
        return self.path / "start.lock"

    @property
    def clients_lock(self) -> Path:
        """Held shared by everyone who uses the server; exclusively by who is ending it."""
        return self.path / "clients.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held exclusively by the supervisor for its life; holds its process id."""
        return self.path / "supervisor.lock"

    @property
    def server_lock(self) -> Path:
        """Held exclusively by PostgreSQL's own processes: free when the last one is gone."""
        return self.path / "server.lock"

    @property
    def keep_flag(self) -> Path:
        """Exists while the server is to stay although nobody uses it (`moss-jamf db start`)."""
        return self.path / "keep"

    @property
    def password_file(self) -> Path:
        """The password of the role `moss`, mode 0600."""
        return self.path / "password"

    @property
    def record_file(self) -> Path:
        """The `ServerRecord`."""
        return self.path / "server.json"

    @property
    def log_file(self) -> Path:
        """What the supervisor and the server say."""
        return self.path / "postgres.log"

    def prepare(self, account: Account | None) -> None:
        """Make the directory and its locks, readable by us alone.

        Directories that exist keep their permissions. Ours is searchable for others when PostgreSQL
        runs as another account, because its data lies below; every file in it is closed to them.

        Args:
            account: the account PostgreSQL runs as, None for ourselves.

        Raises:
            EmbeddedPostgresError: the directory belongs to somebody else or cannot be made.
        """
        try:
            self._make_directory(account)
            for lock in (
                self.start_lock,
                self.clients_lock,
                self.supervisor_lock,
                self.server_lock,
                self.log_file,
            ):
                os.close(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                self.give_to_owner(lock, account)
        except OSError as error:
            raise self.unusable(error) from error

    def unusable(self, error: OSError) -> EmbeddedPostgresError:
        """The error to raise when the files here cannot be made, read or locked."""
        return EmbeddedPostgresError(
            f"The directory of the embedded PostgreSQL, {self.path}, cannot be used: {error}.",
            remedy="run this as the user who made that directory, choose another one (on a local "
            f"disk) with MOSS_JAMF_STATE_DIR, or {USE_ANOTHER_SERVER}.",
        )

    def _make_directory(self, account: Account | None) -> None:
        if not self.path.parent.exists():
            self.path.parent.mkdir(mode=0o700, parents=True)
            self.give_to_owner(self.path.parent, account)
        if not self.path.exists():
            self.path.mkdir(exist_ok=True)
            self.path.chmod(0o711 if account and not account.owns_directory else 0o700)
            self.give_to_owner(self.path, account)

    def give_to_owner(self, file: Path, account: Account | None) -> None:
        """Hand a file that root made to the account, if that account owns the whole directory."""
        if account and account.owns_directory:
            os.chown(file, account.uid, account.gid, follow_symlinks=False)

    def password(self) -> str:
        """The password of the role `moss`.

        Raises:
            EmbeddedPostgresError: the file is gone although there are data.
        """
        try:
            return self.password_file.read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise EmbeddedPostgresError(
                f"{self.password_file} is missing; without it nobody can log in to the server.",
                remedy=f"put the file back, or delete {self.path} to begin with empty databases.",
            ) from error

    def make_password(self, account: Account | None) -> str:
        """Write a new random password, mode 0600, and return it."""
        password = secrets.token_hex(24)
        self._write(self.password_file, password + "\n", account)
        return password

    def record(self) -> ServerRecord | None:
        """What is known about the last start; None before the first."""
        try:
            written = json.loads(self.record_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return ServerRecord(port=written["port"], version=written["version"])

    def write_record(self, record: ServerRecord, account: Account | None) -> None:
        """Remember where the server listens."""
        self._write(self.record_file, json.dumps(asdict(record)) + "\n", account)

    def shorten_log(self) -> None:
        """Set a log that grew large aside as `postgres.log.1`, replacing the one before it."""
        if self.log_file.stat().st_size > _LARGEST_LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    def _write(self, file: Path, content: str, account: Account | None) -> None:
        # Written aside and renamed: a reader sees the old content or the new, and never an open
        # mode.
        aside = file.with_suffix(".new")
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(content)
        self.give_to_owner(aside, account)
        aside.replace(file)
