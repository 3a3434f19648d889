"""What clients of one server need not ask again."""

import ssl
from dataclasses import dataclass

from pydantic import SecretStr

from moss_jamf_pipeline.jamf.version import ServerVersion


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token.

    Attributes:
        value: what JAMF issued.
        renew_at: when to ask for another one, on the monotonic clock.
    """

    value: SecretStr
    renew_at: float


@dataclass(slots=True)
class Acquaintance:
    """What is known of one server with one set of credentials. Clients that follow one another share it.

    Each question saved is a round trip to JAMF before the first page of a sweep.

    Attributes:
        token: the newest token; None before the first, and after JAMF refused it.
        version: the server's; None before it was asked.
        tls: how its certificate is checked; None before the first client. Reading the authorities takes 15 ms.
    """

    token: Token | None = None
    version: ServerVersion | None = None
    tls: ssl.SSLContext | None = None
