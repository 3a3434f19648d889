"""Inventory records as bytes: each section is built and serialised once per record and answer version.

A page of 2,000 records is then little more than a join of cached bytes. The cache lives on the record
(`Record.rendered`) and dies with any change of it; what the caches of a renderer hold is bounded.
"""

import json
from collections.abc import Iterable, Mapping
from typing import cast

import orjson

from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Computer
from moss_jamf_pipeline.simulator.sections import Json, Section, Shape, sections_of
from moss_jamf_pipeline.simulator.versions import JamfVersion

DEFAULT_CACHE_BYTES = 1024**3
"""The five sections a sync reads take 420 MB of it for 100,000 computers."""


class InventoryRenderer:
    """Renders computers in the shape of one answer version of one JAMF Pro release."""

    def __init__(
        self,
        fleet: Fleet,
        answer: int,
        release: JamfVersion,
        *,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> None:
        """Prepares a renderer.

        Args:
            fleet: whose groups and sites the records refer to.
            answer: the version in the path, 1 to 4.
            release: the JAMF Pro release that answers.
            cache_bytes: how much rendered JSON may be written to the caches before they are emptied.
        """
        self._fleet = fleet
        self._shape = Shape(answer, release)
        self._cache_bytes = self._cache_room = cache_bytes
        self._sections = tuple(
            (section, b',"%s":' % section.key.encode(), f"{section.key}/{answer}/{release}")
            for section in sections_of(answer)
        )
        self.parameters = frozenset(section.parameter for section, _, _ in self._sections)
        """The values that the `section` parameter may have."""

    def record(self, computer: Computer, wanted: frozenset[str] | None = None) -> bytes:
        """One record as JSON bytes.

        Args:
            computer: the computer.
            wanted: `section` parameters of the sections to fill; None for all of them. The other sections are
                present with the value null, as JAMF answers.

        Returns:
            The JSON object.
        """
        parts = [b'{"id":', orjson.dumps(computer.id), b',"udid":', orjson.dumps(computer.udid)]
        # Taken before any value is read: see `Record.__setattr__`.
        cache = computer.rendered
        for section, prefix, cache_key in self._sections:
            parts.append(prefix)
            if wanted is not None and section.parameter not in wanted:
                parts.append(b"null")
                continue
            rendered = cache.get(cache_key)
            if rendered is None:
                rendered = cache[cache_key] = self._rendered(computer, section)
            parts.append(rendered)
        parts.append(b"}")
        return b"".join(parts)

    def document(self, computer: Computer, key: str) -> Json:
        """One section of a record as JSON values, found by its key in the record; None if there is no such section."""
        section = next((section for section, _, _ in self._sections if section.key == key), None)
        return None if section is None else _built(section, computer, self._fleet, self._shape)

    def _rendered(self, computer: Computer, section: Section) -> bytes:
        rendered = _json_of(_built(section, computer, self._fleet, self._shape))
        self._cache_room -= len(rendered)
        if self._cache_room < 0:
            # Changed records have left stale bytes uncounted, so the true size is unknown here; starting over is
            # the one bookkeeping that cannot drift.
            for other in self._fleet.computers.values():
                other.rendered.clear()
            self._cache_room = self._cache_bytes
        return rendered


def page(total_count: int, records: Iterable[bytes]) -> bytes:
    """A page of a Pro API collection.

    Args:
        total_count: how many records the collection has.
        records: those of this page, as JSON.

    Returns:
        `{"totalCount": ..., "results": [...]}`: no links, no cursor, no echo of the page, as JAMF answers.
    """
    return b'{"totalCount":%d,"results":[' % total_count + b",".join(records) + b"]}"


def _json_of(document: Json) -> bytes:
    """A document as JSON, also one with what orjson refuses: lone surrogates, numbers of any size."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        return json.dumps(document).encode()


def _built(section: Section, computer: Computer, fleet: Fleet, shape: Shape) -> Json:
    document = section.build(computer, fleet, shape)
    if section.key not in computer.overrides:
        return document
    override = computer.overrides[section.key]
    if isinstance(document, dict) and isinstance(override, Mapping):
        return {**document, **override}
    return cast("Json", override)
