"""Every environment variable the project reads, its default and its meaning.

Nothing else in the project reads the environment. What is not in it is looked for in `.env`, then in a directory of
secrets, a file for each variable, as Compose, Kubernetes and systemd hand them out. A connection saved in M.O.S.S.'s
own admin page lives in its `integration_configs` row, not here; the values here override it.
"""

import fcntl
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from moss_jamf_pipeline.scrubbing import remember_address, remember_secret

PROJECT_ROOT = Path(__file__).resolve().parent.parent
_INSTALLED_PROJECT_FILES = Path(__file__).resolve().parent / "_project"


def project_file(relative_path: str) -> Path:
    """Where a file of the project's top level (`sql/`, `dagster.yaml`, `workspace.yaml`) lies.

    In a checkout that is the checkout; installed from a wheel it is the copy inside the package.

    Args:
        relative_path: the path below the project's top level, with `/`.

    Returns:
        The absolute path. It may not exist.
    """
    installed = _INSTALLED_PROJECT_FILES / relative_path
    return installed if installed.exists() else PROJECT_ROOT / relative_path


class SettingsContradictory(Exception):
    """What the environment and the command line say of integrations does not fit together, or not suffice.

    Attributes:
        remedy: what to set or to name.
    """

    def __init__(self, what_is_wrong: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(f"{what_is_wrong} {remedy}")


class SettingsUnusable(SettingsContradictory):
    """A variable of the environment, or `.env` itself, cannot be used. The message never repeats a value."""


class IntegrationUnknown(SettingsContradictory):
    """An integration is named that the environment does not name."""


class ValueMistyped(ValueError):
    """A value holds a character that nobody sees, so that nobody meant it; the message says which one."""


# Controls, what has no width, what turns writing round; then blanks that no key of most keyboards types.
_UNSEEN: Final = "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_ODD_BLANKS: Final = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_NO_TEXT: Final = "\ud800-\udfff"


def as_meant(typed: str, *, is_password: bool = False) -> str:
    """A value as whoever typed or pasted it meant it: without line breaks, blanks and unseen characters around it.

    Args:
        typed: an id, a secret, a key or an address.
        is_password: it may begin and end with blanks, and have odd ones inside.

    Raises:
        ValueMistyped: there is an unseen character inside it.
    """
    around = _UNSEEN + _ODD_BLANKS + ("" if is_password else " ")
    inside = _UNSEEN + _NO_TEXT + ("" if is_password else _ODD_BLANKS)
    meant = re.sub(rf"\A[{around}]+|[{around}]+\Z", "", typed)
    found = re.search(f"[{inside}]", meant)
    if found is not None:
        code = ord(found[0])
        name = unicodedata.name(found[0], "a control character")
        what = f"U+{code:04X}, {name}" if found[0] < "\ud800" or found[0] > "\udfff" else "no UTF-8"
        raise ValueMistyped(
            f"it holds a character that nobody sees ({what}, at place {found.start() + 1} of {len(meant)})"
        )
    return meant


class IntegrationChoice(NamedTuple):
    """Which row of `integration_configs` is meant, as far as the environment says.

    Attributes:
        name: its name; None: the only one of type `jamf`.
        environment: narrows the choice to rows of this environment; None: any.
    """

    name: str | None = None
    environment: str | None = None

    @property
    def slug(self) -> str:
        """The given name as Dagster asset keys and file names can carry it; `jamf_pro` if none is given.

        Asset keys are stored for ever and known before the database is asked, so only the given name names them.
        """
        if self.name is None:
            return "jamf_pro"
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_") or "jamf"


class Settings(BaseSettings):
    """The project's environment, read from the process and from `.env` in the working directory."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    def __init__(self, **values: Any) -> None:
        """Reads the environment, `.env` and the directory of secrets.

        Raises:
            SettingsUnusable: a variable has no value that it can have, or what it is read from is no text.
        """
        directory = _directory_of_secrets()
        try:
            super().__init__(_secrets_dir=directory, **values)
            served = None if self._says_where_jamf_is else simulator_of_up(self.state_directory)
            if served is not None:
                super().__init__(_secrets_dir=directory, **{**values, **served})
                self._is_simulated = True
        except (SettingsError, OSError) as error:
            # A chained error would have the bytes of the file in it.
            raise _unreadable(error, directory) from None
        except ValidationError as error:
            wrong = "; ".join(
                f"{_variable(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors(include_url=False, include_input=False)
            )
        except UnicodeDecodeError as error:
            wrong = f".env is no UTF-8 text ({error.reason} at byte {error.start})"
        else:
            return
        raise SettingsUnusable(
            f"The environment (or .env) has a value that cannot be used: {wrong}.",
            "Correct it there. A secret is best pasted again, alone.",
        )

    moss_database_url: SecretStr | None = Field(
        default=None,
        description="The M.O.S.S. database. Without it the embedded PostgreSQL is used.",
    )
    dagster_pg_url: SecretStr | None = Field(
        default=None,
        description="Dagster's own database. Without it: the embedded server's, or, when MOSS_DATABASE_URL is "
        "given, the schema `dagster` of that database.",
    )
    jamf_base_url: str | None = Field(
        default=None, description="The JAMF Pro server, e.g. https://example.jamfcloud.com."
    )
    jamf_client_id: str | None = Field(default=None, description="Client id of a JAMF API client.")
    jamf_client_secret: SecretStr | None = Field(default=None, description="Its client secret.")
    jamf_username: str | None = Field(
        default=None, description="JAMF user account, for servers older than 10.49."
    )
    jamf_password: SecretStr | None = Field(default=None, description="Its password.")
    jamf_connection: Literal["server", "platform"] | None = Field(
        default=None,
        description="What JAMF_BASE_URL and the credentials are for: a JAMF Pro server, which is meant if nothing is "
        "said, or Jamf's platform gateway, e.g. https://eu.api.jamfcloud.com.",
    )
    jamf_environment_id: str | None = Field(
        default=None, description="The environment that an integration of the platform is for."
    )
    jamf_tenant_id: str | None = Field(
        default=None, description="The tenant instead, of an older integration of the platform."
    )
    jamf_web_url: str | None = Field(
        default=None,
        description="Where people open JAMF Pro, for links to it; JAMF_BASE_URL if that is a JAMF Pro server.",
    )
    encryption_key: SecretStr | None = Field(
        default=None,
        description="The web application's key (32 bytes in base64) of credentials that are saved in M.O.S.S.",
    )
    integration_encryption_key: SecretStr | None = Field(
        default=None,
        description="The key (64 hexadecimal digits) of credentials that M.O.S.S.'s sync library saved.",
    )
    integration_name: str | None = Field(
        default=None,
        alias="MOSS_JAMF_INTEGRATION",
        description="Name of the `integration_configs` row; without it, the only row of type `jamf`. Beside "
        "MOSS_JAMF_INTEGRATIONS: which of them a command means that names none.",
    )
    integration_list: str | None = Field(
        default=None,
        alias="MOSS_JAMF_INTEGRATIONS",
        description="Names of several `integration_configs` rows, separated by commas: one code location syncs them "
        "all. With several, the JAMF_* variables may not be set: each server's are saved in M.O.S.S.",
    )
    integration_environment: str | None = Field(
        default=None,
        alias="MOSS_JAMF_ENVIRONMENT",
        description="Only rows of this environment (development, staging or production) are looked at.",
    )
    ssl_cert_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) of the authorities by which JAMF's is checked, in place of the usual ones.",
    )
    ssl_cert_dir: Path | None = Field(
        default=None, description="The same as a directory, as OpenSSL has it."
    )
    https_proxy: SecretStr | None = Field(
        default=None, description="The proxy through which JAMF Pro is reached."
    )
    all_proxy: SecretStr | None = Field(
        default=None, description="The same, if there is no HTTPS_PROXY."
    )
    no_proxy: str | None = Field(
        default=None, description="Hosts that are reached without the proxy, separated by commas."
    )

    embedded_is_meant: bool = Field(
        default=False,
        alias="MOSS_JAMF_EMBEDDED",
        description="Whether a JAMF server that is not on this machine may be synced into the embedded PostgreSQL.",
    )
    secrets_directory: Path | None = Field(
        default=None,
        alias="MOSS_JAMF_SECRETS_DIR",
        description="A directory with a file for each variable that is set nowhere else: MOSS_DATABASE_URL, … Without "
        "it, the one that systemd names in CREDENTIALS_DIRECTORY. Not read from `.env`.",
    )
    state_directory: Path = Field(
        default=Path(".moss-jamf"),
        alias="MOSS_JAMF_STATE_DIR",
        description="Where the embedded PostgreSQL and Dagster's local files are kept.",
    )
    first_slot: str | None = Field(
        default=None,
        alias="MOSS_JAMF_FIRST_SLOT",
        description="The first slot (partition) the Dagster UI offers, UTC, on the six-hour grid. Without it, the one "
        "in which this was installed, which the state directory remembers.",
    )

    nextauth_secret: SecretStr | None = Field(
        default=None,
        description="M.O.S.S.'s secret of its log-ins: with it, `moss-jamf serve` knows who is signed in to M.O.S.S.",
    )
    dagster_url: str = Field(
        default="http://127.0.0.1:3000",
        alias="MOSS_JAMF_DAGSTER_URL",
        description="Where `moss-jamf serve` reaches the Dagster webserver, which starts the syncs people ask for.",
    )
    dagster_link_url: str | None = Field(
        default=None,
        alias="MOSS_JAMF_DAGSTER_LINK_URL",
        description="Where people's browsers reach the Dagster UI, for links to it; MOSS_JAMF_DAGSTER_URL if not set.",
    )

    companion_link_url: str | None = Field(
        default=None,
        alias="MOSS_JAMF_COMPANION_LINK_URL",
        description="Where people's browsers reach the companion, without `/jamf/`: the address of M.O.S.S. Links in "
        "alerts, mails and the Dagster UI lead there; without it they have none.",
    )

    alert_url: SecretStr | None = Field(
        default=None,
        alias="MOSS_JAMF_ALERT_URL",
        description="A webhook that is told of failed runs, held changes and the like: one of Slack, a workflow of "
        'Teams, or any that takes `{"text": …}`.',
    )
    alert_format: Literal["auto", "slack", "teams", "text"] = Field(
        default="auto",
        alias="MOSS_JAMF_ALERT_FORMAT",
        description="What that webhook takes: slack, teams (a workflow with Adaptive Cards) or text; auto: what its "
        "address looks like.",
    )
    alert_again_hours: float = Field(
        default=24.0,
        gt=0,
        le=8_760,
        alias="MOSS_JAMF_ALERT_AGAIN_HOURS",
        description="A cause that lasts is told of again after this.",
    )
    smtp_host: str | None = Field(
        default=None,
        alias="MOSS_JAMF_SMTP_HOST",
        description="The mail server by which alerts and reports are sent; without it none are.",
    )
    smtp_port: int | None = Field(
        default=None,
        ge=1,
        le=65_535,
        alias="MOSS_JAMF_SMTP_PORT",
        description="Its port; by default 587 with starttls, 465 with tls, 25 with none.",
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        alias="MOSS_JAMF_SMTP_SECURITY",
        description="How the connection is kept secret. With none, no password is sent to another machine.",
    )
    smtp_username: str | None = Field(
        default=None, alias="MOSS_JAMF_SMTP_USERNAME", description="Its log-in, if it asks for one."
    )
    smtp_password: SecretStr | None = Field(
        default=None, alias="MOSS_JAMF_SMTP_PASSWORD", description="The password of that log-in."
    )
    mail_from: str | None = Field(
        default=None,
        alias="MOSS_JAMF_MAIL_FROM",
        description="Who alerts and reports are from; the log-in, if that is an address.",
    )
    mail_to: str | None = Field(
        default=None,
        alias="MOSS_JAMF_MAIL_TO",
        description="Whom they are sent to: addresses, separated by commas.",
    )
    report_mail: Literal["weekly", "each", "none"] = Field(
        default="weekly",
        alias="MOSS_JAMF_REPORT_MAIL",
        description="Which reports are mailed, where MOSS_JAMF_SMTP_HOST is set: the weekly ones, each, or none.",
    )
    wait_minutes: float = Field(
        default=30.0,
        ge=0,
        alias="MOSS_JAMF_WAIT_MINUTES",
        description="How long a sync waits for another one to end that reads the same JAMF server, or writes M.O.S.S.",
    )
    expected_hours: float = Field(
        default=6.0,
        gt=0,
        alias="MOSS_JAMF_EXPECTED_HOURS",
        description="A sync is expected this often; an hour later its assets are shown as overdue.",
    )
    webhook_seconds: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        alias="MOSS_JAMF_WEBHOOK_SECONDS",
        description="What JAMF's webhooks name is synced at once, but no more often than this.",
    )
    retention_days: int = Field(
        default=30,
        ge=1,
        alias="MOSS_JAMF_RETENTION_DAYS",
        description="How long captures can be rebuilt: older versions of JAMF's documents are deleted.",
    )
    run_retention_days: int = Field(
        default=90,
        ge=1,
        alias="MOSS_JAMF_RUN_RETENTION_DAYS",
        description="How long Dagster keeps runs and their logs; what they materialised stays.",
    )
    plan_retention_days: int = Field(
        default=365,
        ge=1,
        alias="MOSS_JAMF_PLAN_RETENTION_DAYS",
        description="How long plans, which are the change log, can be read and reverted.",
    )

    @field_validator(
        "moss_database_url",
        "dagster_pg_url",
        "jamf_base_url",
        "jamf_client_id",
        "jamf_client_secret",
        "jamf_username",
        "jamf_password",
        "jamf_connection",
        "jamf_environment_id",
        "jamf_tenant_id",
        "jamf_web_url",
        "encryption_key",
        "integration_encryption_key",
        "nextauth_secret",
        "alert_url",
        "companion_link_url",
        "smtp_host",
        "smtp_username",
        "smtp_password",
        mode="before",
    )
    @classmethod
    def _as_meant(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return (
            as_meant(value, is_password=info.field_name in ("jamf_password", "smtp_password"))
            or None
        )

    @field_validator("jamf_base_url", "jamf_web_url")
    @classmethod
    def _without_trailing_slash(cls, url: str | None) -> str | None:
        return url.rstrip("/") if url else None

    def model_post_init(self, context: Any, /) -> None:
        """Has everything secret in it scrubbed from whatever this process says."""
        super().model_post_init(context)
        for secret in (
            self.jamf_client_secret,
            self.jamf_password,
            self.encryption_key,
            self.integration_encryption_key,
            self.nextauth_secret,
            self.smtp_password,
        ):
            if secret is not None:
                remember_secret(secret.get_secret_value())
        for address in (self.moss_database_url, self.dagster_pg_url):
            if address is not None:
                remember_address(address.get_secret_value())
        for shown in (self.jamf_base_url, self.jamf_web_url):
            if shown is not None:
                remember_address(shown)
        if self.alert_url is not None:
            remember_address(self.alert_url.get_secret_value(), path_is_secret=True)
        _remember_secrets_of_libraries()

    @property
    def dagster_pages(self) -> str:
        """Where a browser finds the Dagster UI; without a slash at its end."""
        return (self.dagster_link_url or self.dagster_url).rstrip("/")

    @property
    def mail_recipients(self) -> tuple[str, ...]:
        """Whom alerts and reports are mailed to."""
        return _names_in(self.mail_to)

    @property
    def mail_sender(self) -> str | None:
        """Who they are from; None: nobody is named."""
        name = self.smtp_username
        return self.mail_from or (name if name is not None and "@" in name else None)

    @property
    def wait_seconds(self) -> float:
        """How long a sync waits for another one."""
        return self.wait_minutes * 60

    # What `--integration` says.
    _named: str | None = PrivateAttr(default=None)
    # Whether JAMF is the simulator of a `moss-jamf up` that runs beside.
    _is_simulated: bool = PrivateAttr(default=False)

    @property
    def is_simulated_by_up(self) -> bool:
        """Whether nothing says where JAMF is, and a `moss-jamf up` of this state directory simulates one."""
        return self._is_simulated

    @property
    def _says_where_jamf_is(self) -> bool:
        """Whether the simulator of `up` is out of the question: its Macs are for the embedded database alone."""
        return any(
            (
                self.moss_database_url,
                self.integration_list,
                self.jamf_base_url,
                self.jamf_client_id,
                self.jamf_client_secret,
                self.jamf_username,
                self.jamf_password,
            )
        )

    def naming(self, integration: str | None) -> Self:
        """The same environment for whoever names an integration, which goes before what the environment says.

        Args:
            integration: its name in M.O.S.S.; None: none is named.
        """
        named = self.model_copy()
        named._named = integration  # noqa: SLF001 - a copy of this one
        return named

    @property
    def jamf_server(self) -> str | None:
        """Where people open JAMF Pro, as it may be shown and stored: without a user, a query or a fragment.

        JAMF_WEB_URL, or JAMF_BASE_URL where that is a JAMF Pro server.
        """
        is_gateway = self.jamf_connection == "platform"
        address = self.jamf_web_url or (None if is_gateway else self.jamf_base_url)
        if address is None:
            return None
        scheme, separator, rest = address.partition("://")
        # A password may hold any letter: what is behind the last @ is the server.
        return f"{scheme}{separator}{re.split('[?#]', rest.rpartition('@')[2])[0]}"

    @property
    def integrations(self) -> tuple[IntegrationChoice, ...]:
        """The integrations that the code location syncs, in the order of their names in the environment.

        Raises:
            SettingsContradictory: two variables contradict each other, or two names cannot be told apart.
        """
        listed = _names_in(self.integration_list)
        if not listed:
            return (
                IntegrationChoice(
                    self.integration_name or self._named, self.integration_environment
                ),
            )
        if self.integration_name is not None and self.integration_name not in listed:
            raise SettingsContradictory(
                f"MOSS_JAMF_INTEGRATION is {self.integration_name!r}, which MOSS_JAMF_INTEGRATIONS does not name "
                f"({_enumerated(listed)}).",
                "Unset MOSS_JAMF_INTEGRATION, or set it to the one of them that commands mean by default.",
            )
        choices = tuple(IntegrationChoice(name, self.integration_environment) for name in listed)
        for one, other in combinations(choices, 2):
            if one.slug == other.slug:
                raise SettingsContradictory(
                    f"MOSS_JAMF_INTEGRATIONS names {one.name!r} and {other.name!r}, and both become {one.slug!r} in "
                    "Dagster's names, which have small letters, digits and underscores.",
                    "Give one of them another name, in M.O.S.S. too; or leave one out.",
                )
        return choices

    @property
    def meant(self) -> tuple[IntegrationChoice, ...]:
        """The integrations that a command looks at: the one that is named, else all.

        Raises:
            SettingsContradictory: as of `integrations`, or the one that is named is not one of them.
        """
        configured = self.integrations
        name = self._named or self.integration_name
        if name is None:
            return configured
        found = tuple(choice for choice in configured if choice.name == name)
        if not found:
            raise IntegrationUnknown(
                f"There is no integration {name!r} among those that the environment names: "
                f"{_enumerated(choice.name or '' for choice in configured)}.",
                "Name one of them, or add it to MOSS_JAMF_INTEGRATIONS.",
            )
        return found

    @property
    def integration(self) -> IntegrationChoice:
        """The one integration that a command is about.

        Raises:
            SettingsContradictory: as of `meant`, or there are several and none is named.
        """
        meant = self.meant
        if len(meant) > 1:
            raise SettingsContradictory(
                f"{len(meant)} JAMF servers are synced: {_enumerated(choice.name or '' for choice in meant)}.",
                "Name the one that is meant with --integration.",
            )
        return meant[0]

    def require_own_jamf_variables(self) -> None:
        """Ends what would use the JAMF_* variables where it is not certain whose they are.

        One server's secret is not sent to another: the variables count for the only integration of the environment.

        Raises:
            SettingsContradictory: some are set, and several integrations are, or one is named on the command line only.
        """
        values = {
            "JAMF_BASE_URL": self.jamf_base_url,
            "JAMF_CLIENT_ID": self.jamf_client_id,
            "JAMF_CLIENT_SECRET": self.jamf_client_secret,
            "JAMF_USERNAME": self.jamf_username,
            "JAMF_PASSWORD": self.jamf_password,
            "JAMF_CONNECTION": self.jamf_connection,
            "JAMF_ENVIRONMENT_ID": self.jamf_environment_id,
            "JAMF_TENANT_ID": self.jamf_tenant_id,
            "JAMF_WEB_URL": self.jamf_web_url,
        }
        given = [variable for variable, value in values.items() if value]
        if not given:
            return
        configured = self.integrations
        verb = "is" if len(given) == 1 else "are"
        if len(configured) > 1:
            raise SettingsContradictory(
                f"{' and '.join(given)} {verb} set, and {len(configured)} JAMF servers are synced "
                f"({_enumerated(choice.name or '' for choice in configured)}): it is not said whose.",
                f"Unset {'it' if len(given) == 1 else 'them'}, and save each server's address and credentials in "
                "M.O.S.S.: `moss-jamf credentials set --integration NAME --base-url URL`.",
            )
        if self._named is not None and not (self.integration_list or self.integration_name):
            raise SettingsContradictory(
                f"{' and '.join(given)} {verb} set, and the environment does not say that the integration "
                f"{self._named!r} is meant.",
                "Set MOSS_JAMF_INTEGRATION to its name, or leave out --integration.",
            )


def _remember_secrets_of_libraries() -> None:
    """What PostgreSQL's and the HTTP library read from the environment themselves."""
    remember_secret(os.environ.get("PGPASSWORD", ""))
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for spelled in (variable, variable.lower()):
            remember_address(os.environ.get(spelled, ""))


def _directory_of_secrets() -> Path | None:
    """Where files of secrets lie, if anywhere.

    Raises:
        SettingsUnusable: there is no such directory.
    """
    for variable in ("MOSS_JAMF_SECRETS_DIR", "CREDENTIALS_DIRECTORY"):
        named = os.environ.get(variable)
        if not named:
            continue
        directory = Path(named)
        if not directory.is_dir():
            raise SettingsUnusable(
                f"{variable} names {named}, which is no directory.",
                "Make it, with a file for each secret, or unset the variable.",
            )
        return directory
    return None


def _unreadable(error: Exception, directory: Path | None) -> SettingsUnusable:
    """Why a file of a secret cannot be read, without what is in it."""
    cause = error.__cause__ or error
    why = cause.strerror if isinstance(cause, OSError) else None
    if isinstance(cause, UnicodeDecodeError):
        why = f"it is no UTF-8 text ({cause.reason} at byte {cause.start})"
    field = re.search('field "([a-z_]+)"', str(error))
    return SettingsUnusable(
        f"{_variable((field[1],)) if field else 'A secret'} in {directory} cannot be read: "
        f"{why or type(cause).__name__}.",
        f"This process runs as the user with the number {os.getuid()}, who has to be able to read each file there.",
    )


def _variable(location: tuple[int | str, ...]) -> str:
    """The variable that a faulty field is read from."""
    name = str(location[0]) if location else "?"
    setting = Settings.model_fields.get(name)
    return (setting.alias if setting and setting.alias else name).upper()


_SIMULATOR_OF_UP: Final = "simulated-jamf.json"


@contextmanager
def serving_simulator(
    state_directory: Path, base_url: str, client_id: str, client_secret: str
) -> Iterator[None]:
    """Lets every command of the same state directory find a simulated JAMF Pro, for as long as this process serves it.

    Args:
        state_directory: where; it exists.
        base_url: of the simulator.
        client_id: of its API client.
        client_secret: the same.
    """
    file = state_directory / _SIMULATOR_OF_UP
    found = {
        "jamf_base_url": base_url,
        "jamf_client_id": client_id,
        "jamf_client_secret": client_secret,
    }
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as held:
        # Whoever reads it takes it for stale unless this process holds it: nothing is left of one that is killed.
        fcntl.flock(held, fcntl.LOCK_EX)
        held.truncate()
        held.write(json.dumps(found))
        held.flush()
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def simulator_of_up(state_directory: Path) -> dict[str, str] | None:
    """Where the simulated JAMF Pro of a `moss-jamf up` is that works on this state directory; None: there is none."""
    try:
        with (state_directory / _SIMULATOR_OF_UP).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                served: dict[str, str] = json.load(file)
                return served
    except (OSError, ValueError):
        pass
    return None


def make_state_directory(settings: Settings) -> Path:
    """Makes the state directory if it is not there, for its owner only: logs in it name people and devices.

    Returns:
        Its absolute path.
    """
    directory = settings.state_directory.absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def words_about_dotenv() -> str:
    """Whether there is a `.env` to read in the working directory, as a sentence; empty if none is looked for."""
    name = Settings.model_config.get("env_file")
    if not isinstance(name, str):
        return ""
    file = Path(name).absolute()
    found = "is read" if file.is_file() else "is not there"
    return f"({file} {found}.)"


def _names_in(listed: str | None) -> tuple[str, ...]:
    """The names in a list with commas, without the blanks around them, each once."""
    names = (name.strip() for name in (listed or "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _enumerated(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
