"""`moss-jamf attributes`: JAMF's extension attributes, what is mapped of them, and what is not compared."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, command_group
from moss_jamf_pipeline.cli.output import explained, print_json, print_table, stdout
from moss_jamf_pipeline.services import attributes as service
from moss_jamf_pipeline.services.attributes import AttributeList, ListedAttribute
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = command_group()


@app.callback()
def attributes() -> None:
    """Extension attributes of computers: what JAMF has, and what becomes custom fields of M.O.S.S."""


@app.command("list")
def list_attributes(
    everything: Annotated[
        bool, typer.Option("--all", help="Those of JAMF's patch management as well.")
    ] = False,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """List them as the last sync found them: type, devices with a value, mapped or not, compared or not."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = service.show(workplace, settings.integration, with_patch_management=everything)
    if as_json:
        print_json(
            {
                "is_on": found.is_on,
                "attributes": found.attributes,
                "hidden": found.hidden,
                "unknown": found.unknown,
            }
        )
    else:
        _print(found)


def _print(found: AttributeList) -> None:
    if not found.is_on:
        stdout.print(service.HOW_TO_SWITCH_ON)
    elif not found.attributes:
        stdout.print("No extension attributes are known yet: they come with the next sync.")
    if found.attributes:
        print_table(
            ["id", "name", "type", "devices", "becomes", "note"],
            [
                [
                    each.definition_id,
                    each.name,
                    _type(each),
                    each.devices_with_value,
                    each.becomes,
                    _note(each),
                ]
                for each in found.attributes
            ],
            numbers=["id", "devices"],
        )
    for sentence in found.unknown:
        stdout.print(sentence, markup=False)
    if found.hidden:
        stdout.print(f"{found.hidden} of JAMF's patch management are left out; --all lists them.")


def _type(attribute: ListedAttribute) -> str:
    several = ", several values" if attribute.is_multi_valued else ""
    source = {"DIRECTORY_SERVICE_ATTRIBUTE_MAPPING": "directory"}.get(
        attribute.input_type, attribute.input_type.lower()
    )
    return f"{attribute.data_type.lower()}, {source}{several}"


def _note(attribute: ListedAttribute) -> str | None:
    notes = []
    if attribute.not_compared:
        notes.append(f"Not compared: {attribute.not_compared}")
    elif attribute.is_gone:
        notes.append("JAMF has it no more.")
    elif not attribute.is_enabled:
        notes.append("Disabled in JAMF.")
    if attribute.unreadable_devices:
        notes.append(
            f"On {attribute.unreadable_devices:,} devices it is no {attribute.field_type}: kept as text."
        )
    return " ".join(notes) or None
