"""The two kinds of credentials JAMF Pro takes. How they become tokens is `authentication`."""

import re
from dataclasses import dataclass

from pydantic import SecretStr

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """An API client (JAMF Pro 10.49 and later); preferred: its role holds what a sync needs."""

    client_id: str
    client_secret: SecretStr

    @property
    def looks_like_a_user(self) -> bool:
        """Whether the client id cannot be one: JAMF's client ids are UUIDs."""
        return _UUID.fullmatch(self.client_id.strip()) is None


@dataclass(frozen=True, slots=True)
class UserCredentials:
    """A JAMF Pro user account, for servers older than 10.49."""

    username: str
    password: SecretStr

    @property
    def looks_like_a_client(self) -> bool:
        """Whether the username is really the id of an API client, a mistake people make."""
        return _UUID.fullmatch(self.username.strip()) is not None
