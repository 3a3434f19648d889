"""What an installation remembers in its state directory, because definitions are loaded without asking a database.

Two things that the UI shows would be wrong without it: the first slot, before which nothing can be missing, and when
M.O.S.S. has each integration synced. Where the directory does not last, neither is known at once: then the UI offers
slots from a fixed day on, and says the usual schedule until the sensor has looked.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.engine.slots import is_slot, slot_key_at
from moss_jamf_pipeline.moss.integration.integrations import DEFAULT_SCHEDULE
from moss_jamf_pipeline.settings import Settings, make_state_directory

logger = logging.getLogger(__name__)

_FILE: Final = "remembered.json"
_USUAL_FIRST_SLOT: Final = "2026-11-01-00:00"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered.

    Attributes:
        first_slot: the key of the installation's first slot; None: nobody has noted it.
        crons: by the slug of an integration, when M.O.S.S. has it synced; None: never, as things are.
    """

    first_slot: str | None = None
    crons: Mapping[str, str | None] = field(default_factory=dict)

    def cron_of(self, slug: str) -> str | None:
        """When M.O.S.S. has an integration synced: a cron expression in UTC; None: never, as things are."""
        return self.crons.get(slug, DEFAULT_SCHEDULE)


def remembered(settings: Settings) -> Remembered:
    """What is remembered now; what cannot be read is taken for nothing."""
    try:
        document = json.loads(_file(settings).read_text(encoding="utf-8"))
        first_slot, crons = document.get("first_slot"), document.get("crons") or {}
        return Remembered(
            first_slot if isinstance(first_slot, str) and _is_usable(first_slot) else None,
            {
                str(slug): cron
                for slug, cron in crons.items()
                if cron is None or isinstance(cron, str)
            },
        )
    except (OSError, ValueError, AttributeError):
        return Remembered()


def first_slot(settings: Settings) -> str:
    """The key of the first slot there is: MOSS_JAMF_FIRST_SLOT, else the one in which this was installed."""
    return settings.first_slot or remembered(settings).first_slot or _USUAL_FIRST_SLOT


def remember_first_slot(settings: Settings, oldest: str | None) -> None:
    """Notes the first slot, if nobody has.

    Args:
        settings: the environment.
        oldest: the oldest slot that the Dagster instance has something of; None: nothing yet.
    """
    known = remembered(settings)
    if known.first_slot is None:
        now = datetime.now(UTC)
        current = slot_key_at(now)
        is_older = oldest is not None and is_slot(oldest, first=_USUAL_FIRST_SLOT, now=now)
        _write(
            settings,
            replace(known, first_slot=min(oldest or current, current) if is_older else current),
        )


def remember_cron(settings: Settings, slug: str, cron: str | None) -> bool:
    """Notes when M.O.S.S. has an integration synced.

    Args:
        settings: the environment.
        slug: of the integration.
        cron: as of `Remembered.cron_of`.

    Returns:
        Whether that is news, and is noted.
    """
    known = remembered(settings)
    if known.cron_of(slug) == cron:
        return False
    return _write(settings, replace(known, crons={**known.crons, slug: cron}))


def _write(settings: Settings, known: Remembered) -> bool:
    path = _file(settings)
    try:
        make_state_directory(settings)
        aside = path.with_name(f"{_FILE}.{os.getpid()}")  # others may read it, or write it
        aside.write_text(
            json.dumps({"first_slot": known.first_slot, "crons": dict(known.crons)}),
            encoding="utf-8",
        )
        aside.replace(path)
    except OSError as trouble:
        logger.debug("%s cannot be written: %s", path, trouble)
        return False
    return True


def _file(settings: Settings) -> Path:
    return settings.state_directory.absolute() / _FILE


def _is_usable(slot: str) -> bool:
    return is_slot(slot, first=slot, now=datetime.now(UTC))
