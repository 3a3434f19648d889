"""What a report of an evolution is made of: one changed record, before and after."""

from pydantic import BaseModel, Field

from moss_jamf_pipeline.simulator.records import Computer


class Change(BaseModel):
    """One changed record.

    Attributes:
        id: the record's id, the new one where it changed.
        before: the changed values as they were, by attribute; empty for a new record.
        after: as they are now; empty for a removed record.
    """

    id: str
    before: dict[str, object] = Field(default_factory=dict)
    after: dict[str, object] = Field(default_factory=dict)


def identity_of(computer: Computer) -> dict[str, object]:
    """What tells a computer from others: id, serial number, UDID, name, user name."""
    return {
        "id": computer.id,
        "serial_number": computer.serial_number,
        "udid": computer.udid,
        "name": computer.name,
        "username": computer.username,
    }


def user_of(computer: Computer) -> dict[str, object]:
    """Whom a computer names."""
    return {"username": computer.username, "email": computer.email}
