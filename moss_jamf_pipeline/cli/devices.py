"""`moss-jamf devices`: the Macs that are linked, and those of them that somebody should look at."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from moss_jamf_pipeline.catalogue.rules import field_words
from moss_jamf_pipeline.cli.export import print_csv
from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    LimitOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, print_json, print_table, stdout
from moss_jamf_pipeline.engine.slots import slot_start
from moss_jamf_pipeline.services import device_lists
from moss_jamf_pipeline.services.device_lists import DeviceFilter, ListedDevice
from moss_jamf_pipeline.services.exports import export_of
from moss_jamf_pipeline.services.pages import Page, PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()

_AGO = re.compile(r"(\d{1,4})\s*([mhdw])")
_DONE = {
    "create": "created",
    "link": "linked",
    "move": "its link moved",
    "unenroll": "unenrolled",
    "return": "back in JAMF",
    "delete_internal": "deleted in M.O.S.S.",
}
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@app.command()
def devices(
    without_person: Annotated[
        bool,
        typer.Option(
            "--without-person", help="Only those to whom M.O.S.S. assigns nobody, and why."
        ),
    ] = False,
    unenrolled: Annotated[
        bool, typer.Option("--unenrolled", help="Only those that are gone from JAMF.")
    ] = False,
    in_conflict: Annotated[
        bool, typer.Option("--in-conflict", help="Only those with an open conflict.")
    ] = False,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="WHEN",
            help="Only those that a sync changed since: a date or time in UTC, a slot, or 24h, 7d, 2w.",
        ),
    ] = None,
    limit: LimitOption = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all of them as CSV.")] = False,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """List linked devices by host name and serial number; several options narrow the list down together."""
    if as_csv and as_json:
        raise typer.BadParameter("It is one or the other.", param_hint="--csv")
    wanted = DeviceFilter(without_person, unenrolled, in_conflict, _moment(changed_since))
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        if as_csv:
            _write_csv(workplace, wanted)
            return
        found = device_lists.list_devices(
            workplace, settings.integration, wanted, PageRequest(limit)
        )
    if as_json:
        print_json({"total": found.total, "devices": found.items})
    elif found.items:
        _print_list(found, wanted)
    else:
        stdout.print("There is no such device.")


def _moment(text: str | None) -> datetime | None:
    """A point in time as people write it.

    Raises:
        typer.BadParameter: it is none.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    for read in (slot_start, datetime.fromisoformat):
        try:
            moment = read(text.strip())
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise typer.BadParameter(
        f"{text!r} is no time. Write a date (2026-11-22), a time in UTC (2026-11-22T06:00), a slot "
        "(2026-11-22-06:00), or how long ago: 24h, 7d, 2w.",
        param_hint="--changed-since",
    )


def _print_list(found: Page[ListedDevice], wanted: DeviceFilter) -> None:
    headings = ["host name", "serial number", "JAMF id", "person"]
    if wanted.unenrolled:
        headings.append("unenrolled")
    if wanted.in_conflict:
        headings.append("conflicts")
    if wanted.changed_since:
        headings += ["changed", "plan", "what"]
    headings.append("why")
    print_table(headings, [[_values(device)[name] for name in headings] for device in found])
    if found.total > len(found):
        stdout.print(
            f"{len(found):,} of {found.total:,}; --limit shows more, --csv all.", soft_wrap=True
        )
    stdout.print("`moss-jamf device SERIAL` tells the story of one.")


def _values(device: ListedDevice) -> dict[str, object]:
    return {
        "host name": device.hostname,
        "serial number": device.serial_number,
        "JAMF id": device.external_id,
        "person": device.person,
        "unenrolled": device.unenrolled_at,
        "conflicts": ", ".join(device.kinds),
        "changed": device.changed_at,
        "plan": device.plan_id,
        "what": _DONE.get(device.action or "")
        or ", ".join(map(field_words, device.changed_fields)),
        "why": device.why,
    }


def _write_csv(workplace: Workplace, wanted: DeviceFilter) -> None:
    choice = workplace.settings.integration
    with device_lists.exported(workplace, choice, wanted) as listed:
        print_csv(export_of("devices", ListedDevice, listed))
