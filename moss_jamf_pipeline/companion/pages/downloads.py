"""Downloads: the lists of these pages, whole, as CSV or a workbook."""

import tempfile
from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from moss_jamf_pipeline.companion.pages.routing import router
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.rendering.spreadsheets import (
    MEDIA_TYPES,
    Format,
    csv_pieces,
    write_workbook,
)
from moss_jamf_pipeline.services import exports
from moss_jamf_pipeline.services.exports import ListName

ROUTER = router()

_BYTES_IN_MEMORY = 4_000_000
_BYTES_AT_A_TIME = 256_000


@ROUTER.get("/exports/{list_name}.{file_format}", name="page_export")
def download(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    list_name: ListName,
    file_format: Format,
    plan_id: Annotated[int | None, Query(alias="plan", ge=1, le=2**63 - 1)] = None,
) -> Response:
    """Hands out a whole list.

    It is written to a file first: what goes wrong is a page, and who takes it slowly keeps no connection to M.O.S.S.
    """
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_BYTES_IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    with exports.exported(workplace, choice, list_name, plan_id) as found:
        if file_format == "csv":
            for piece in csv_pieces(found):
                file.write(piece.encode())
        else:
            write_workbook(found, file, title=f"M.O.S.S. and JAMF Pro: {list_name}")
    length = file.tell()
    file.seek(0)
    called = f"{choice.slug}-{list_name}{'' if plan_id is None else f'-{plan_id}'}.{file_format}"
    return StreamingResponse(
        _pieces(file),
        media_type=MEDIA_TYPES[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="{called}"',
            "Content-Length": str(length),
        },
        background=BackgroundTask(file.close),
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_BYTES_AT_A_TIME):
        yield piece
