"""What the endpoints of the Classic API share: one document for JSON and XML, instants, sites, faults of listings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from xml.sax.saxutils import escape

import orjson
from starlette.responses import Response

from moss_jamf_pipeline.simulator.endpoints import Call
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.queries import number_in
from moss_jamf_pipeline.simulator.responses import JamfError, not_found

Node: TypeAlias = "Mapping[str, Node] | Listing | str | int | bool"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of things of one kind.

    Attributes:
        item: the XML element of one thing.
        values: the things.
        has_size: whether XML counts them in a leading `<size>`.
    """

    item: str
    values: Sequence[Node]
    has_size: bool = False


def site_of(fleet: Fleet, site_id: str) -> Node:
    """A site as records carry it; "None" where there is none."""
    site = fleet.sites.get(site_id)
    return {"id": -1, "name": "None"} if site is None else {"id": int(site.id), "name": site.name}


def instants(name: str, milliseconds: int | None, *, with_text: bool = True) -> dict[str, Node]:
    """The three forms in which the Classic API writes one instant: local text, epoch, UTC without a colon."""
    if milliseconds is None:
        local, utc = "", ""
    else:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        local = f"{moment:%Y-%m-%d %H:%M:%S}"
        utc = f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}+0000"
    text: dict[str, Node] = {name: local} if with_text else {}
    return {**text, f"{name}_epoch": milliseconds or 0, f"{name}_utc": utc}


def identifier_in(call: Call) -> str:
    """The id in the path; anything but a number names nothing here."""
    number = number_in(str(call.request.path_params["id"]))
    if number is None:
        raise not_found()
    return str(number)


def fail_if_missing(call: Call) -> None:
    """Ends the call if a fault says that this listing is not there."""
    missing = call.simulator.faults.missing_listing
    if missing is not None and missing.strikes(call.path):
        raise JamfError(missing.status)


def is_emptied(call: Call) -> bool:
    """Whether a fault says that this listing is empty."""
    empty = call.simulator.faults.empty_listing
    return empty is not None and empty.strikes(call.path)


def answer(call: Call, root: str, document: Node) -> Response:
    """A document as JSON, if the caller accepts it, else as XML.

    Args:
        call: the call.
        root: the name of the outermost element.
        document: what is in it.
    """
    if "json" in call.request.headers.get("accept", ""):
        return Response(
            orjson.dumps({root: _json(document)}), media_type="text/plain;charset=UTF-8"
        )
    body = f'<?xml version="1.0" encoding="UTF-8"?>{_xml(root, document)}'
    return Response(body, media_type="text/xml;charset=UTF-8")


def _json(node: Node) -> object:
    if isinstance(node, Listing):
        return [_json(value) for value in node.values]
    if isinstance(node, Mapping):
        return {key: _json(value) for key, value in node.items()}
    return node


_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _xml(name: str, node: Node) -> str:
    if isinstance(node, Listing):
        size = f"<size>{len(node.values)}</size>" if node.has_size else ""
        inner = size + "".join(_xml(node.item, value) for value in node.values)
    elif isinstance(node, Mapping):
        inner = "".join(_xml(key, value) for key, value in node.items())
    elif isinstance(node, bool):
        inner = "true" if node else "false"
    else:
        inner = escape(_NOT_IN_XML.sub("", str(node)))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
