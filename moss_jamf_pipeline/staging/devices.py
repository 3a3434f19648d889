"""What the stagers of computers and of mobile devices share: serial numbers, and what may not be used."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from moss_jamf_pipeline.staging.chunk import Chunk
from moss_jamf_pipeline.staging.placeholders import PlaceholderSerials
from moss_jamf_pipeline.staging.reasons import Reason

if TYPE_CHECKING:
    Columns = dict[str, pd.Series[Any]]
    Truths = pd.Series[bool]


def set_placeholders_aside(
    chunk: Chunk, columns: "Columns", placeholders: PlaceholderSerials
) -> None:
    """Drop what is no serial number, each with a note that names it and says why it is none."""
    serial_numbers = columns["serial_number"]
    reasons = placeholders.reasons(serial_numbers)
    for why in reasons.dropna().unique():
        chunk.note_values(
            reasons == why,
            "serial_number",
            Reason.SERIAL_NUMBER_PLACEHOLDER,
            serial_numbers,
            f"is no serial number: {why}; correct the record in JAMF or delete it there",
        )
    columns["serial_number"] = serial_numbers.mask(reasons.notna())


def is_usable(
    chunk: Chunk,
    columns: "Columns",
    is_personal: "Truths",
    is_out_of_scope: "Truths",
    *,
    called: str,
) -> "Truths":
    """Whether a device can be matched: it has a serial number, and may be known.

    Args:
        chunk: takes a note of each that cannot, and why.
        columns: what is staged so far.
        is_personal: which are personally owned.
        is_out_of_scope: which are out of scope.
        called: what people call one.
    """
    chunk.note(
        is_personal,
        "is_personally_owned",
        Reason.PERSONALLY_OWNED,
        "Personally owned: nothing but its id is kept, and it is not synced.",
    )
    chunk.note(
        is_out_of_scope,
        "is_out_of_scope",
        Reason.OUT_OF_SCOPE,
        "Not of the JAMF group that M.O.S.S. confines the sync to: it is left as it is.",
    )
    is_withheld = is_personal | is_out_of_scope
    has_serial_number = columns["serial_number"].notna()
    chunk.note(
        ~has_serial_number & ~is_withheld & ~chunk.noted("serial_number"),
        "serial_number",
        Reason.SERIAL_NUMBER_MISSING,
        f"JAMF has no serial number for this {called}; enter it in JAMF or delete the record there.",
    )
    return has_serial_number & ~is_withheld
