"""The ways a conversation with JAMF Pro fails, and what each of them asks of an operator.

Every error says what happened, to which request, and what to do next, and carries no secret.
Whether the same call can succeed later without anybody changing anything is `is_transient`; whoever
schedules the work decides about retries with it. Failures of a single record are no errors: see
`documents.RejectedRecord`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self


class JamfError(Exception):
    """Anything that keeps JAMF Pro from being read.

    Args:
        happened: what was attempted, on which object, and what was seen: whole sentences.
        remedy: what an operator can do about it: whole sentences.
        is_transient: overrides the class's own answer to "may a later attempt succeed unaided?".

    Attributes:
        remedy: as given.
        is_transient: True if trying again later may succeed without anybody changing anything.
    """

    is_transient: bool = False

    def __init__(self, happened: str, remedy: str, *, is_transient: bool | None = None) -> None:
        super().__init__(happened, remedy)
        self.happened = happened
        self.remedy = remedy
        if is_transient is not None:
            self.is_transient = is_transient

    def __str__(self) -> str:
        return f"{self.happened} {self.remedy}"


class JamfAddressInvalid(JamfError):
    """The base URL is unusable: no http(s), a password in it, or plain http to another machine."""


class JamfAuthoritiesUnusable(JamfError):
    """The certificates by which the server's would be checked cannot be read."""


class ConnectionTrouble(StrEnum):
    """Where a connection failed: a page that is too heavy differs from a server that is away."""

    CONNECTING = "connecting"
    CERTIFICATE = "certificate"
    WAITING = "waiting"
    DROPPED = "dropped"


class JamfNotServed(JamfError):
    """A request was not answered with what it asked for, and kept failing; less might be served.

    Attributes:
        seen: where and what was seen, to continue the sentence "JAMF Pro …".
    """

    def __init__(
        self, happened: str, remedy: str, *, seen: str, is_transient: bool | None = None
    ) -> None:
        super().__init__(happened, remedy, is_transient=is_transient)
        self.seen = seen

    def telling(self, happened: str) -> Self:
        """Tells of more than the one request that met the trouble last.

        Args:
            happened: what happened, as `JamfError` takes it.
        """
        self.happened = happened
        self.args = (happened, self.remedy)
        return self


class JamfUnreachable(JamfNotServed):
    """No answer came: name resolution, connection, TLS, a timeout, or an answer that broke off.

    Attributes:
        trouble: where it failed.
    """

    is_transient = True

    def __init__(
        self, happened: str, remedy: str, *, seen: str, trouble: ConnectionTrouble
    ) -> None:
        is_transient = trouble is not ConnectionTrouble.CERTIFICATE
        super().__init__(happened, remedy, seen=seen, is_transient=is_transient)
        self.trouble = trouble


class JamfBusy(JamfNotServed):
    """JAMF Pro answered 429 or 5xx, and kept doing so.

    Attributes:
        status: the last HTTP status.
        sheds_load: the server as a whole refuses work (429, 503), whatever is asked of it.
    """

    is_transient = True

    def __init__(
        self, happened: str, remedy: str, *, seen: str, status: int, sheds_load: bool
    ) -> None:
        super().__init__(happened, remedy, seen=seen)
        self.status = status
        self.sheds_load = sheds_load


class JamfFailing(JamfBusy):
    """The status was 500, 502, 504 or the like: no load that passes with a little patience, but a server that fails."""


class JamfAnswerTooLarge(JamfNotServed):
    """An answer came that is larger than any of JAMF Pro's data; reading it was stopped."""


class JamfPageRefused(JamfNotServed):
    """A page was refused as it was asked for, which may be for its size; smaller ones might be served."""


class JamfCredentialsRejected(JamfError):
    """JAMF Pro does not accept the credentials; the message names their kind, not their values."""


class JamfPrivilegeMissing(JamfError):
    """The account is known but may not read something.

    Attributes:
        endpoint: the path that was refused.
        privileges: the exact names in JAMF's API role editor, or those of the gateway's permissions.
    """

    def __init__(
        self,
        happened: str,
        *,
        endpoint: str,
        privileges: Sequence[str],
        remedy: str | None = None,
    ) -> None:
        names = ", ".join(f'"{privilege}"' for privilege in privileges)
        in_jamf_pro = (
            f"In JAMF Pro, give the API role (or the user account) {names}; "
            "it works from the next token on."
            if privileges
            else "In JAMF Pro, review the privileges and the site of the API role or user account."
        )
        super().__init__(happened, remedy or in_jamf_pro)
        self.endpoint = endpoint
        self.privileges = tuple(privileges)


class JamfEnvironmentRefused(JamfError):
    """The platform gateway does not serve the environment or tenant that is named, or none is named."""


class JamfAnswerInvalid(JamfError):
    """An answer came that cannot be JAMF Pro's data.

    It is not JSON, has the wrong shape, redirects elsewhere, or lists nothing and promises records.
    """


class JamfFilterUnusable(JamfError):
    """JAMF Pro refuses a filter, or answers as if there were none.

    What was asked for with it has to be read without it.
    """


class JamfScopeInvalid(JamfError):
    """The group to which the sync is confined is not in JAMF, or not the only one of its name."""


class JamfTooOld(JamfError):
    """The server is older than the oldest JAMF Pro that can be synced."""


class JamfNotFound(JamfError):
    """404, 405 or 410: this server has no such object or endpoint."""
