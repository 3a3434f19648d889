"""Field ownership: who wins a field, as `fields.csv` declares it, and followed by SQL.

An integration overrides single rules in `sync_settings.ownership`, e.g. `{"device.hostname": {"on_update": "never"}}`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from moss_jamf_pipeline.catalogue.fields import declared_fields


class OwnershipInvalid(ValueError):
    """An integration's override of the ownership table cannot be used.

    Attributes:
        remedy: what the operator can do.
    """

    def __init__(self, what_happened: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(f"{what_happened} {remedy}")


class OwnershipRule(BaseModel):
    """What happens to one field (docs/who-wins.md, "Who wins a field").

    Attributes:
        place: where M.O.S.S. keeps it: a `column` of the object's table, or the value of a `custom_field`.
        on_create: `write` JAMF's value, write a `default`, or `never` write it.
        on_update: `overwrite` when JAMF differs, `fill` only while empty, `follow` only while it is still the default
            that was written, or `never`.
        on_null: what a JAMF null means: `keep` what is there, or `clear` it.
        records_conflict: whether a disagreement goes to the conflict queue.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    object_type: str
    field: str
    place: Literal["column", "custom_field"]
    owner: Literal["JAMF", "M.O.S.S."]
    on_create: Literal["write", "default", "never"]
    on_update: Literal["overwrite", "fill", "follow", "never"]
    on_null: Literal["keep", "clear"]
    records_conflict: bool
    why: str

    @property
    def is_column(self) -> bool:
        """Whether it is a column of the object's table."""
        return self.place == "column"


class OwnershipOverride(BaseModel):
    """The part of a rule that an integration replaces; what is left out stays as declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_update: Literal["overwrite", "fill", "never"] | None = None
    on_null: Literal["keep", "clear"] | None = None
    records_conflict: bool | None = None


@cache
def declared_rules() -> tuple[OwnershipRule, ...]:
    """The rules of all fields that M.O.S.S. has, in the order of `fields.csv`."""
    names = OwnershipRule.model_fields
    return tuple(
        OwnershipRule.model_validate({name: getattr(field, name) for name in names})
        for field in declared_fields()
        if field.is_owned
    )


def effective_rules(overrides: Mapping[str, OwnershipOverride]) -> tuple[OwnershipRule, ...]:
    """The declared rules with an integration's overrides.

    Args:
        overrides: `"<object type>.<field>"` to what replaces it.

    Raises:
        OwnershipInvalid: an override names no declared field, or gives an owned field away.
    """
    rules = {f"{rule.object_type}.{rule.field}": rule for rule in declared_rules()}
    for name, override in overrides.items():
        if name not in rules:
            raise OwnershipInvalid(
                f"sync_settings.ownership names {name!r}, which is no synced field.",
                f"Use one of: {', '.join(sorted(rules))}.",
            )
        rule = rules[name]
        if override.on_update == "overwrite" and rule.owner == "M.O.S.S.":
            raise OwnershipInvalid(
                f"sync_settings.ownership would let JAMF overwrite {name}, which M.O.S.S. owns.",
                "Use 'never' for it."
                if rule.on_update == "follow"
                else "Use 'fill' or 'never' for it.",
            )
        if override.on_update == "fill" and rule.on_update == "follow":
            raise OwnershipInvalid(
                f"sync_settings.ownership would fill {name}, which is never empty: it is given a default.",
                "Use 'never' for it.",
            )
        changes = override.model_dump(exclude_none=True)
        try:
            rules[name] = OwnershipRule.model_validate(rule.model_dump() | changes)
        except ValidationError as error:
            raise OwnershipInvalid(
                f"sync_settings.ownership of {name} is invalid.", str(error)
            ) from error
    return tuple(rules.values())


def clearable_fields(rules: tuple[OwnershipRule, ...], object_type: str) -> list[str]:
    """The fields of an object type that a JAMF null empties."""
    return [
        rule.field
        for rule in rules
        if rule.object_type == object_type
        and rule.on_null == "clear"
        and rule.on_update == "overwrite"
    ]


def undeclared_fields(rules: tuple[OwnershipRule, ...], object_type: str) -> list[str]:
    """The fields of an object type that have a rule and are no line of `fields.csv`: mapped extension attributes."""
    declared = {(rule.object_type, rule.field) for rule in declared_rules()}
    return [
        rule.field
        for rule in rules
        if rule.object_type == object_type and (rule.object_type, rule.field) not in declared
    ]


def custom_fields(object_type: str) -> list[str]:
    """The fields of an object type that are values of custom fields."""
    return [
        rule.field
        for rule in declared_rules()
        if rule.object_type == object_type and not rule.is_column
    ]
