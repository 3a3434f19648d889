"""What became of a labelled fleet: of every record what it is now, beside what is right, counted by kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tests.support.labelled_fleet import NEW, NOBODY, QUEUE, Label, LabelledFleet
from tests.support.world import World

_COMPUTERS: Final = """
select mapping.external_id as jamf_id, device.id is not null as is_linked, device.notes, device.serial_number,
       person.id is not null as has_person, person.notes as person_notes
from integration_object_mappings as mapping
left join devices as device on device.id = mapping.internal_id
left join people as person on person.id = device.assigned_to_person_id
where mapping.external_type = 'computer' and mapping.internal_type = 'device'
"""
_USERS: Final = """
select mapping.external_id as jamf_id, person.id is not null as is_linked, person.notes
from integration_object_mappings as mapping
left join people as person on person.id = mapping.internal_id
where mapping.external_type = 'user' and mapping.internal_type = 'person'
"""
_DEVICES: Final = """
select device.notes, device.serial_number,
       (select value from custom_field_values as field where field.object_type = 'device'
          and field.object_id = device.id and field.field_name = 'jamf_enrollment_status') as enrolment
from devices as device
"""
_CONFLICTS: Final = """
select object_type, external_id from jamf_sync.conflicts where status = 'open' and external_id is not null
"""


class Verdict(NamedTuple):
    """One record: what is right of it and what it is.

    Attributes:
        kind: the hard case it belongs to, or `ordinary`.
        subject: the record.
        right: what it is.
        found: what the sync took it for.
    """

    kind: str
    subject: str
    right: str
    found: str

    @property
    def is_right(self) -> bool:
        """Whether it was taken for what it is; of what is not to be linked, a conflict may say so."""
        return self.found == self.right or (self.right == NOBODY and self.found == QUEUE)

    @property
    def is_decided(self) -> bool:
        """Whether the sync linked or made something."""
        return self.found not in (NOBODY, QUEUE)


@dataclass(frozen=True)
class Verdicts:
    """All that came of it.

    Attributes:
        devices: which device each computer is.
        people: which person each user is, and who has each computer.
        broken: what must hold whatever is decided, and does not: one sentence each.
    """

    devices: Sequence[Verdict]
    people: Sequence[Verdict]
    broken: Sequence[str]

    @property
    def wrong(self) -> list[Verdict]:
        """The verdicts that are not right."""
        return [verdict for verdict in (*self.devices, *self.people) if not verdict.is_right]

    def by_kind(self) -> str:
        """Precision (of what was decided, how much is right) and recall (of what is somebody, how much was found)."""
        lines = [f"{'kind':58} {'records':>8} {'precision':>10} {'recall':>8}"]
        for title, verdicts in (("devices", self.devices), ("people", self.people)):
            for kind in sorted({verdict.kind for verdict in verdicts}):
                of_kind = [verdict for verdict in verdicts if verdict.kind == kind]
                decided = [verdict for verdict in of_kind if verdict.is_decided]
                somebody = [each for each in of_kind if each.right not in (NOBODY, QUEUE)]
                if title == "people" and not decided and not somebody:
                    continue  # Macs of nobody, of a kind that is about Macs
                lines.append(
                    f"{f'{title}: {kind}':58} {len(of_kind):>8} {_share(decided):>10} {_share(somebody):>8}"
                )
        return "\n".join(lines)


def judge(world: World, labelled: LabelledFleet) -> Verdicts:
    """Reads off the marks what each record was taken for, after the second sync."""
    conflicts = world.query(_CONFLICTS)
    open_of = {
        object_type: {row["external_id"] for row in conflicts if row["object_type"] == object_type}
        for object_type in ("device", "person")
    }
    links = {row["jamf_id"]: row for row in world.query(_COMPUTERS)}
    users = {row["jamf_id"]: row for row in world.query(_USERS)}
    return Verdicts(
        devices=[
            _verdict(
                label, f"computer {computer.id}", _taken_for(links, computer.id, open_of["device"])
            )
            for computer, label in labelled.computers
        ],
        people=[
            *(
                _verdict(label, f"user {user.id}", _taken_for(users, user.id, open_of["person"]))
                for user, label in labelled.users
            ),
            *(
                _verdict(label, f"user of computer {computer.id}", _owner(links.get(computer.id)))
                for computer, label in labelled.owners
            ),
        ],
        broken=list(_broken(world, labelled, open_of["device"])),
    )


def _verdict(label: Label, subject: str, found: str) -> Verdict:
    return Verdict(label.kind, subject, label.right, found)


def _taken_for(links: dict[str, dict[str, object]], jamf_id: str, in_conflict: set[str]) -> str:
    link = links.get(jamf_id)
    if link is not None and link["is_linked"]:
        return _named(link["notes"])
    return QUEUE if jamf_id in in_conflict else NOBODY


def _owner(link: dict[str, object] | None) -> str:
    return _named(link["person_notes"]) if link is not None and link["has_person"] else NOBODY


def _named(notes: object) -> str:
    """The mark in somebody's notes; without one it is new."""
    text = str(notes or "")
    return text if text.startswith(("device of ", "person ")) else NEW


def _broken(world: World, labelled: LabelledFleet, in_conflict: set[str]) -> Iterable[str]:
    """What must hold of every device: its serial number is its own, and it is enrolled or not as its machine is."""
    devices = {row["notes"]: row for row in world.query(_DEVICES)}
    for mark, device in devices.items():
        if not str(mark).startswith("device of "):
            continue
        wanted = labelled.serial_numbers.get(
            mark, mark.removeprefix("device of ").removesuffix(" again")
        )
        if _key(device["serial_number"]) != _key(wanted):
            yield f"The {mark} has the serial number {device['serial_number']}."
    for mark in labelled.unenrolled:
        found = devices.get(mark)
        if found is None or found["enrolment"] != "unenrolled":
            yield f"The {mark}, whose machine is gone, is not marked unenrolled: {found}."
    for computer in labelled.flagged:
        if computer.id not in in_conflict:
            yield f"No open conflict names computer {computer.id} ({computer.serial_number})."


def _key(serial_number: str) -> str:
    """A serial number as it stands for itself: hand-typed ones are brought into line with JAMF's."""
    return (
        serial_number.replace(" ", "").upper()
        if not serial_number.startswith(("VM", "vm"))
        else serial_number
    )


def _share(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "-"
    return f"{sum(verdict.is_right for verdict in verdicts) / len(verdicts):.2%}"
