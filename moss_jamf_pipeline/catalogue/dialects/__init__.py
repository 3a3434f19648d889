"""The dialects of M.O.S.S., one module each: how the strategy document and the released M.O.S.S. name things."""

from typing import Final

from moss_jamf_pipeline.catalogue.dialects.declaration import Capability, Dialect, Source
from moss_jamf_pipeline.catalogue.dialects.release import NEWEST_KNOWN_MIGRATION, RELEASE
from moss_jamf_pipeline.catalogue.dialects.strategy import STRATEGY

__all__ = [
    "DIALECTS",
    "DIALECT_BY_NAME",
    "NEWEST_KNOWN_MIGRATION",
    "RELEASE",
    "STRATEGY",
    "Capability",
    "Dialect",
    "Source",
]

DIALECTS: Final = (STRATEGY, RELEASE)
DIALECT_BY_NAME: Final = {dialect.name: dialect for dialect in DIALECTS}
