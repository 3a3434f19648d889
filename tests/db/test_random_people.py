"""Whoever comes, goes, is renamed or gets another's name, id or mailbox: nobody's contact data end at somebody else.

The humans of these worlds are told apart by the test alone, by a telephone number that is each one's own. The sync sees
what a directory has of them: ids, user names, addresses. One example is a dozen syncs, so a commit tries few of them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.db.support import Bench, counts_of, rows_of
from tests.support.properties import examples

_FEW = settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_TABLES = ("public.people", "public.devices", "public.integration_object_mappings")
_MAILBOX = "helpdesk@example.org"
_HUMANS = range(5)


class Event(NamedTuple):
    """Something that happens to a human, and perhaps because of another one."""

    name: str
    human: int
    other: int


class _Directory:
    """What JAMF has of the humans, and what the bench is told of it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.usernames = {human: f"user{human}" for human in _HUMANS}
        self.emails = {human: f"h{human}@example.org" for human in _HUMANS}
        self.ids: dict[int, str] = {}
        self.has_mac: set[int] = set()
        self.has_left: set[int] = set()
        self._next_id = 1
        self._renames = 0

    def happen(self, event: Event) -> None:
        """Lets an event happen, if it can."""
        handlers: dict[str, Callable[[int, int], None]] = {
            "joins": self._joins,
            "leaves": self._leaves,
            "gets a Mac": lambda human, _: self.has_mac.add(human),
            "gives the Mac back": lambda human, _: self.has_mac.discard(human),
            "is renamed": self._is_renamed,
            "gets an address": self._gets_an_address,
            "uses the mailbox": self._uses_the_mailbox,
            "gets the name of": self._gets_the_name_of,
            "ids are handed out anew": self._ids_are_handed_out_anew,
            "is deleted in M.O.S.S.": self._is_deleted,
            "is entered in M.O.S.S.": self._is_entered,
        }
        handlers[event.name](event.human, event.other)

    def show(self, *, users: bool = True, computers: bool = True) -> None:
        """Makes what JAMF has the newest captures."""
        if users:
            for jamf_id in map(str, range(1, 40)):
                self.bench.gone("users", jamf_id)
            for human, jamf_id in self.ids.items():
                self.bench.user(jamf_id, **self._described(human))
        if computers:
            for human in _HUMANS:
                self.bench.gone("computers", f"{human + 1}")
            for human in self.has_mac:
                self.bench.computer(f"{human + 1}", f"SERIAL{human}", **self._described(human))

    def _described(self, human: int) -> dict[str, Any]:
        return {
            "username": self.usernames[human],
            "email": self.emails[human],
            "full_name": f"Human {human}",
            "phone": f"+49 {human}",
            "job_title": f"Title {human}",
        }

    def _joins(self, human: int, _: int) -> None:
        if human not in self.ids and not self._is_name_taken(human):
            self.ids[human] = str(self._next_id)
            self._next_id += 1

    def _leaves(self, human: int, _: int) -> None:
        self.ids.pop(human, None)
        self.has_mac.discard(human)
        self.has_left.add(human)

    def _is_renamed(self, human: int, _: int) -> None:
        # Who is known by a mailbox of several is known by the name alone.
        if self.emails[human] != _MAILBOX:
            self._renames += 1
            self.usernames[human] = f"renamed{self._renames}"

    def _gets_an_address(self, human: int, _: int) -> None:
        if human in self.ids and self.emails[human] != _MAILBOX:
            self._renames += 1
            self.emails[human] = f"h{human}.{self._renames}@example.org"

    def _uses_the_mailbox(self, human: int, _: int) -> None:
        # From the beginning: a name of its own, that nobody had before or gets afterwards.
        if human not in self.ids and human not in self.has_mac and human not in self.has_left:
            self._renames += 1
            self.usernames[human], self.emails[human] = f"desk{self._renames}", _MAILBOX

    def _gets_the_name_of(self, human: int, other: int) -> None:
        is_free = other in self.has_left and other not in self.ids and other not in self.has_mac
        is_new = human not in self.ids and human not in self.has_mac and human not in self.has_left
        if is_free and is_new and _MAILBOX not in (self.emails[human], self.emails[other]):
            self.usernames[human] = self.usernames[other]

    def _ids_are_handed_out_anew(self, human: int, _: int) -> None:
        ids = list(self.ids.values())
        turned = ids[human % len(ids) :] + ids[: human % len(ids)] if ids else []
        self.ids = dict(zip(self.ids, turned, strict=True))

    def _is_deleted(self, human: int, _: int) -> None:
        # With whatever else somebody entered of the same human: that would survive, and be linked.
        self.bench.execute(
            "delete from people where phone_number = %s or email_address = %s and email_address <> %s",
            *(f"+49 {human}", self.emails[human], _MAILBOX),
        )

    def _is_entered(self, human: int, _: int) -> None:
        if self.emails[human] != _MAILBOX:
            self.bench.person(full_name=f"Human {human}", email_address=self.emails[human])

    def _is_name_taken(self, human: int) -> bool:
        name = self.usernames[human]
        return any(self.usernames[other] == name for other in {*self.ids, *self.has_mac} - {human})


def _courses(*names: str) -> st.SearchStrategy[list[Event]]:
    human = st.sampled_from(list(_HUMANS))
    return st.lists(st.builds(Event, st.sampled_from(names), human, human), min_size=4, max_size=12)


_EVENTS = _courses(
    *("joins", "joins", "joins", "leaves", "gets a Mac", "gets a Mac"),
    *("gives the Mac back", "is renamed", "gets an address", "uses the mailbox"),
    *("gets the name of", "gets the name of", "ids are handed out anew"),
    *("is deleted in M.O.S.S.", "is entered in M.O.S.S."),
)


def _humans(bench: Bench) -> dict[Any, str]:
    """Whose contact data each person has, by the telephone number and the title."""
    found = {}
    for row in bench.query(
        "select id, phone_number, job_title from people where phone_number is not null"
    ):
        human = row["phone_number"].removeprefix("+49 ")
        assert row["job_title"] == f"Title {human}"
        found[row["id"]] = human
    return found


def _sync(bench: Bench) -> None:
    plan = bench.sync()
    assert all(count.adds_up for count in counts_of(plan).values())


@_FEW
@given(events=_EVENTS)
@example(
    # A mailbox goes to the next one, when the one before is gone.
    events=[
        Event("uses the mailbox", 0, 0),
        Event("uses the mailbox", 3, 0),
        Event("gets a Mac", 0, 0),
        Event("gives the Mac back", 0, 0),
        Event("joins", 3, 0),
    ]
)
def test_nobodys_contact_data_end_at_somebody_else(trial: Bench, events: Sequence[Event]) -> None:
    with trial.connection.transaction(force_rollback=True):
        directory = _Directory(trial)
        before: dict[Any, str] = {}
        for event in events:
            directory.happen(event)
            directory.show()
            _sync(trial)
            after = _humans(trial)
            moved = {
                person: (human, after[person])
                for person, human in before.items()
                if person in after and after[person] != human
            }
            assert not moved, event
            for row in trial.query(
                "select email_address, phone_number from people where phone_number is not null"
                " and email_address <> %s",
                _MAILBOX,
            ):
                owner = row["email_address"].partition("@")[0].partition(".")[0].removeprefix("h")
                assert row["phone_number"] == f"+49 {owner}", event
            before |= after
        written = [rows_of(trial, table) for table in _TABLES]
        _sync(trial)
        assert [rows_of(trial, table) for table in _TABLES] == written


@_FEW
@given(
    events=_courses(
        *("joins", "joins", "leaves", "gets a Mac", "gives the Mac back"),
        *("ids are handed out anew", "is deleted in M.O.S.S.", "is entered in M.O.S.S."),
    )
)
@example(
    # Somebody entered a human a second time, and deleted both.
    events=[
        Event("joins", 4, 0),
        Event("is entered in M.O.S.S.", 4, 0),
        Event("is deleted in M.O.S.S.", 4, 0),
    ]
)
def test_who_was_deleted_stays_deleted(trial: Bench, events: Sequence[Event]) -> None:
    with trial.connection.transaction(force_rollback=True):
        directory = _Directory(trial)
        buried: set[str] = set()
        for event in events:
            there = set(_humans(trial).values())
            directory.happen(event)
            if event.name == "is deleted in M.O.S.S.":
                buried |= there & {str(event.human)}
            elif event.name == "is entered in M.O.S.S.":
                buried.discard(str(event.human))
            directory.show()
            _sync(trial)
            assert buried & set(_humans(trial).values()) == set(), event


_ORDERS = (
    ((True, False), (False, True)),
    ((False, True), (True, False)),
    ((True, True),),
)


def _end_state(bench: Bench) -> tuple[list[Any], list[Any]]:
    people = bench.query(
        "select username, email_address, phone_number, job_title from people order by 1, 2, 3"
    )
    assigned = bench.query(
        "select d.serial_number, p.username, p.email_address from devices d"
        " left join people p on p.id = d.assigned_to_person_id order by 1"
    )
    return people, assigned


@_FEW
@given(
    users=st.sets(st.sampled_from(list(_HUMANS))),
    macs=st.sets(st.sampled_from(list(_HUMANS)), min_size=1),
    desk=st.sets(st.sampled_from(list(_HUMANS))),
    entered=st.sets(st.sampled_from(list(_HUMANS))),
)
def test_no_order_of_captures_changes_the_end_state(
    trial: Bench, users: set[int], macs: set[int], desk: set[int], entered: set[int]
) -> None:
    ends = []
    for order in _ORDERS:
        with trial.connection.transaction(force_rollback=True):
            directory = _Directory(trial)
            for human in sorted(desk):
                directory.happen(Event("uses the mailbox", human, 0))
            for human in sorted(entered):
                directory.happen(Event("is entered in M.O.S.S.", human, 0))
            for human in sorted(users):
                directory.happen(Event("joins", human, 0))
            directory.has_mac = macs
            for with_users, with_computers in order:
                directory.show(users=with_users, computers=with_computers)
                _sync(trial)
            _sync(trial)
            ends.append(_end_state(trial))
    assert ends[0] == ends[1] == ends[2]
