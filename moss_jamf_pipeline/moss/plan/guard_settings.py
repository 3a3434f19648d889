"""How many changes of a kind one plan may make: `sync_settings.guard` (docs/plans.md, "The guard")."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class GuardKind(StrEnum):
    """A kind of change that is dangerous in numbers, by the key it has in `sync_settings.guard`."""

    UNENROLL = "unenroll"
    """Objects that are gone from JAMF: devices, people, groups and locations, each type against its own total."""

    REASSIGN = "reassign"
    """Devices whose person changes, to another one or to none."""

    RENAME = "rename"
    """Devices whose host name changes."""

    RESERIAL = "reserial"
    """Linked devices whose known serial number changes; such a change is held whole, with all else of the device."""

    RELINK = "relink"
    """Links whose JAMF id belongs to another record by now; held whole, with all that follows from it."""

    VANISH = "vanish"
    """Devices that lose the value of an extension attribute, each attribute against the devices that have it."""

    CREATE = "create"
    """New devices and new people, each against its own total; not on their first import."""


class GuardLimit(BaseModel):
    """The most changes of a kind that are applied without being asked; the larger of both numbers counts.

    Attributes:
        absolute: a number of changes.
        percentage: of the linked objects of that type.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    absolute: int = Field(ge=0)
    percentage: float = Field(default=0, ge=0, le=100)

    def allowed(self, linked: int) -> int:
        """How many changes pass beside this many linked objects."""
        return max(self.absolute, int(linked * self.percentage / 100))


class GuardSettings(BaseModel):
    """The limit of each kind; null switches the guard off for it.

    Attributes:
        unenroll: see `GuardKind`.
        reassign: see `GuardKind`.
        rename: see `GuardKind`.
        reserial: see `GuardKind`.
        relink: see `GuardKind`.
        vanish: see `GuardKind`.
        create: see `GuardKind`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unenroll: GuardLimit | None = GuardLimit(absolute=25, percentage=5)
    reassign: GuardLimit | None = GuardLimit(absolute=100, percentage=20)
    rename: GuardLimit | None = GuardLimit(absolute=100, percentage=20)
    reserial: GuardLimit | None = GuardLimit(absolute=5, percentage=1)
    relink: GuardLimit | None = GuardLimit(absolute=5, percentage=1)
    vanish: GuardLimit | None = GuardLimit(absolute=10, percentage=5)
    create: GuardLimit | None = GuardLimit(absolute=250, percentage=25)

    def limit_of(self, kind: GuardKind) -> GuardLimit | None:
        """The limit of a kind; None: any number passes."""
        limits = {
            GuardKind.UNENROLL: self.unenroll,
            GuardKind.REASSIGN: self.reassign,
            GuardKind.RENAME: self.rename,
            GuardKind.RESERIAL: self.reserial,
            GuardKind.RELINK: self.relink,
            GuardKind.VANISH: self.vanish,
            GuardKind.CREATE: self.create,
        }
        return limits[kind]
