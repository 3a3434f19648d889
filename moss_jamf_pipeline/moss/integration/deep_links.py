"""Where JAMF Pro shows a record to people: addresses of its web pages, from templates (`sync_settings.deep_links`).

Only the address of computers is in JAMF's documentation, and its pages may be on another host than its API: each
template can be replaced.
"""

import re
from typing import Annotated, Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict

from moss_jamf_pipeline.moss.text import unescaped

LinkedKind = Literal["device", "person", "smart_group", "static_group", "mobile_device"]
"""What JAMF has pages of; the two kinds of group have different ones."""

_SERVER: Final = "{jamf-instance}"
_ID: Final = re.compile(r"\{(id|jamf_(computer|user|group|mobile_device)_id)\}")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_UNSENDABLE: Final = re.compile(r"[\s\x00-\x1f\x7f\"'<>\\^`|]")
_LONGEST: Final = 1_000
_SECURE: Final = "https://"


def _template(value: object) -> str:
    """A template as it is used. M.O.S.S.'s pages escape what they save."""
    text = unescaped(value).strip() if isinstance(value, str) else ""
    if not text.startswith(_SECURE):
        raise ValueError("must be an address that begins with https://")
    if len(text) > _LONGEST or _UNSENDABLE.search(text):
        raise ValueError("holds what no address can hold, or is too long")
    ids = _ID.findall(text)
    others = set(_PLACEHOLDER.findall(_ID.sub("", text))) - {_SERVER}
    if len(ids) != 1 or others:
        raise ValueError(
            "must have {id} once, where JAMF's id belongs, and may have {jamf-instance}, where the server's name does"
        )
    plain = urlsplit(_ID.sub("0", text.replace(_SERVER, "jamf.example")))
    if not plain.hostname or "@" in plain.netloc or _ID.search(urlsplit(text).netloc):
        raise ValueError("must name a server, without a user and without {id}")
    return text


Template = Annotated[str, BeforeValidator(_template)]


class DeepLinks(BaseModel):
    """Templates of the addresses of JAMF's pages, by what they show.

    Attributes:
        device: a computer.
        person: a user.
        smart_group: a smart computer group.
        static_group: a static computer group.
        mobile_device: a mobile device.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Template = "https://{jamf-instance}/computers.html?id={id}&o=r"
    person: Template = "https://{jamf-instance}/users.html?id={id}&o=r"
    smart_group: Template = "https://{jamf-instance}/smartComputerGroups.html?id={id}&o=r"
    static_group: Template = "https://{jamf-instance}/staticComputerGroups.html?id={id}&o=r"
    mobile_device: Template = "https://{jamf-instance}/mobileDevices.html?id={id}&o=r"

    def address(self, kind: LinkedKind, jamf_id: str, base_url: str) -> str:
        """The address of a record's page.

        Args:
            kind: what it is.
            jamf_id: its id.
            base_url: of the JAMF server; plain http only where that is on this machine.
        """
        template: str = getattr(self, kind)
        scheme, _, server = base_url.partition("://")
        if scheme == "http" and template.startswith(_SECURE + _SERVER):
            template = "http://" + template.removeprefix(_SECURE)
        return _ID.sub(lambda _: quote(jamf_id, safe=""), template).replace(
            _SERVER, server.rstrip("/")
        )
