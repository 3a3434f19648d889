"""Extension attributes as people choose among them: what JAMF has, what is mapped, what is not compared and why."""

from collections.abc import Collection
from dataclasses import dataclass

import orjson

from moss_jamf_pipeline.moss.capture.attributes import (
    KnownAttribute,
    attribute_rules,
    known_attributes,
    mapping_of,
    unknown_references,
)
from moss_jamf_pipeline.moss.integration.attribute_settings import MappedAttribute
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

HOW_TO_SWITCH_ON = (
    "Extension attributes are off: JAMF is not asked for them. Set sync_settings.extension_attributes to true, and "
    "sync: then they are listed here, and nothing of them is stored but how many devices have a value."
)


@dataclass(frozen=True, slots=True)
class ListedAttribute:
    """One extension attribute of computers.

    Attributes:
        definition_id: JAMF's id.
        name: what JAMF calls it.
        data_type: STRING, INTEGER or DATE.
        input_type: TEXT, POPUP, SCRIPT or DIRECTORY_SERVICE_ATTRIBUTE_MAPPING.
        is_multi_valued: whether it may have several values.
        is_enabled: whether JAMF fills it still.
        is_gone: whether JAMF has it no more.
        is_of_patch_management: whether JAMF's patch management made it for itself.
        devices_with_value: how many had a value at the last full sweep; None: not counted yet.
        is_mapped: whether it becomes a custom field.
        field_name: the name of that; None: it was never mapped.
        label: what M.O.S.S. calls it.
        field_type: of the custom field; of one that is not mapped, what it would be.
        is_adopted: whether people of M.O.S.S. made the custom field.
        on_update: overwrite, fill or never; None: it is not mapped.
        on_null: clear or keep; None: it is not mapped.
        not_compared: why M.O.S.S. keeps what it has, as a sentence; None: it is compared, or not mapped.
        unreadable_devices: on how many devices its value is not of its type.
    """

    definition_id: str
    name: str
    data_type: str
    input_type: str
    is_multi_valued: bool
    is_enabled: bool
    is_gone: bool
    is_of_patch_management: bool
    devices_with_value: int | None
    is_mapped: bool
    field_name: str | None
    label: str | None
    field_type: str
    is_adopted: bool | None
    on_update: str | None
    on_null: str | None
    not_compared: str | None
    unreadable_devices: int

    @property
    def becomes(self) -> str | None:
        """What it is in M.O.S.S. and by which rule, in words; None: nothing."""
        if not self.is_mapped:
            return None
        made = ", made by people of M.O.S.S." if self.is_adopted else ""
        return f"{self.label} ({self.field_type}, {self.on_update}{made})"


@dataclass(frozen=True, slots=True)
class AttributeList:
    """The extension attributes of an integration.

    Attributes:
        is_on: whether JAMF is asked for them.
        attributes: by name, the mapped ones first.
        hidden: how many are left out that JAMF's patch management made for itself.
        unknown: what the setting names and JAMF does not have, as sentences.
    """

    is_on: bool
    attributes: tuple[ListedAttribute, ...]
    hidden: int
    unknown: tuple[str, ...]


def show(
    workplace: Workplace, choice: IntegrationChoice, *, with_patch_management: bool = False
) -> AttributeList:
    """What is known of extension attributes from the last sync that asked for them; JAMF is not asked.

    Args:
        workplace: where.
        choice: which integration.
        with_patch_management: whether those that JAMF's patch management made for itself are listed although nobody
            maps them.
    """
    with workplace.reading(choice) as (connection, integration):
        known = known_attributes(connection, integration.id)
        rules = {rule.field: rule for rule in attribute_rules(connection, integration)}
    settings = integration.settings
    said = mapping_of(settings, known)
    listed = []
    for attribute in known:
        options = said.get(attribute.definition_id) if attribute.is_mapped else None
        rule = rules.get(attribute.field_name or "")
        listed.append(
            _listed(
                attribute,
                options,
                on_update=rule.on_update if options and rule else None,
                on_null=rule.on_null if options and rule else None,
            )
        )
    shown = [
        each
        for each in listed
        if each.is_mapped or with_patch_management or not each.is_of_patch_management
    ]
    return AttributeList(
        settings.reads_attributes,
        tuple(sorted(shown, key=lambda each: not each.is_mapped)),
        len(listed) - len(shown),
        unknown_references(settings, known) if known else (),
    )


def setting_that_maps(
    workplace: Workplace, choice: IntegrationChoice, wanted: Collection[str]
) -> str | None:
    """What `sync_settings.extension_attributes` has to be so that exactly these are mapped; options that are set stay.

    Args:
        workplace: where.
        choice: which integration.
        wanted: ids of definitions; what the setting names and JAMF does not have stays named.

    Returns:
        The setting as JSON text; None: these are mapped already, or attributes are off.
    """
    with workplace.reading(choice) as (connection, integration):
        known = known_attributes(connection, integration.id)
    settings = integration.settings
    if not settings.reads_attributes:
        return None
    said = settings.extension_attributes or {}
    mapped = mapping_of(settings, known)
    if set(mapped) == set(wanted):
        return None
    kept = {}
    for reference, options in said.items():
        meant = mapping_of(settings.naming_attributes({reference: options}), known)
        if not meant or set(meant) <= set(wanted):
            kept[reference] = options.model_dump(mode="json", exclude_defaults=True)
    new = sorted(set(wanted) - set(mapped), key=lambda each: (len(each), each))
    return orjson.dumps({**kept, **{each: {} for each in new}}).decode()


def _listed(
    attribute: KnownAttribute,
    options: MappedAttribute | None,
    *,
    on_update: str | None,
    on_null: str | None,
) -> ListedAttribute:
    return ListedAttribute(
        definition_id=attribute.definition_id,
        name=attribute.name,
        data_type=attribute.data_type,
        input_type=attribute.input_type,
        is_multi_valued=attribute.is_multi_valued,
        is_enabled=attribute.is_enabled,
        is_gone=attribute.is_gone,
        is_of_patch_management=attribute.is_of_patch_management,
        devices_with_value=attribute.devices_with_value,
        is_mapped=options is not None,
        field_name=attribute.field_name,
        label=attribute.label,
        field_type=(attribute.field_type or attribute.own_type).value,
        is_adopted=attribute.is_adopted,
        on_update=on_update,
        on_null=on_null,
        not_compared=None if options is None else attribute.why_not_compared(options),
        unreadable_devices=attribute.unreadable_devices or 0,
    )
