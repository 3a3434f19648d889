"""The queue as a door lists, groups and decides it."""

import psycopg
import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.moss.errors import ConflictNotResolvable
from moss_jamf_pipeline.moss.plan.conflicts import ConflictFilter
from moss_jamf_pipeline.services import conflicts
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE

_MOVED = 5


@pytest.fixture
def disputed(bench: Bench) -> Bench:
    """Five Macs that M.O.S.S. has in HQ and JAMF in North, and two whose asset tags differ."""
    headquarters = bench.location("HQ")
    bench.building("7", "North")
    bench.location("North")
    for number in map(str, range(1, _MOVED + 1)):
        bench.linked_device(
            number,
            serial_number=f"SERIAL{number}",
            hostname=f"mac-{number}",
            location_id=headquarters,
        )
        bench.computer(number, hostname=f"mac-{number}", building_id="7")
    for number in ("8", "9"):
        bench.linked_device(
            number,
            serial_number=f"SERIAL{number}",
            hostname=f"mac-{number}",
            asset_tag=f"A-{number}",
        )
        bench.computer(number, hostname=f"mac-{number}", asset_tag=f"B-{number}")
    bench.sync()
    return bench


def test_case_t15_names_that_the_web_application_escaped_are_told_as_people_read_them(
    workplace: Workplace, bench: Bench
) -> None:
    escaped = "HQ &amp; Lab &lt;A&#x2F;B&gt;"
    bench.building("7", "R & D")
    bench.location("R &amp; D")
    owner = bench.person(full_name="Dana O&#x27;Neil")
    bench.linked_device(
        "1",
        serial_number="SERIAL1",
        hostname="mac-1",
        location_id=bench.location(escaped),
        assigned_to_person_id=owner,
    )
    bench.computer("1", hostname="mac-1", building_id="7")
    bench.sync()
    (told,) = conflicts.list_queue(workplace, CHOICE).conflicts
    assert (told.moss_value, told.jamf_value) == ("HQ & Lab <A/B>", "R & D")
    (group,) = conflicts.list_groups(workplace, CHOICE).groups
    assert group.moss_value == "HQ & Lab <A/B>"
    assert conflicts.show(workplace, CHOICE, told.conflict_id).conflict.moss_value == (
        "HQ & Lab <A/B>"
    )


def test_the_queue_comes_in_pages_with_names_for_ids(workplace: Workplace, disputed: Bench) -> None:
    pages = [
        conflicts.list_queue(workplace, CHOICE, page=PageRequest(limit=3, offset=offset))
        for offset in (0, 3, 6, 9)
    ]
    found = [conflict for queue in pages for conflict in queue.conflicts]
    assert [queue.conflicts.total for queue in pages] == [_MOVED + 2] * 4
    assert len({conflict.conflict_id for conflict in found}) == _MOVED + 2
    assert pages[0].open == {"owned_field_differs": _MOVED + 2}
    places = {
        (conflict.moss_value, conflict.jamf_value)
        for conflict in found
        if conflict.field == "location_id"
    }
    assert places == {("HQ", "North")}


def test_equal_disagreements_are_one_group_and_decided_as_one(
    workplace: Workplace, disputed: Bench
) -> None:
    groups = conflicts.list_groups(workplace, CHOICE).groups
    assert groups.total == 3
    largest = groups.items[0]
    assert (largest.conflicts, largest.field) == (_MOVED, "location_id")
    assert (largest.moss_value, largest.jamf_value) == ("HQ", "North")
    assert {name for name in largest.examples if name} <= {
        f"mac-{n} · SERIAL{n}" for n in range(1, 6)
    }

    alike = ConflictFilter(like=largest.conflict_id)
    meant = conflicts.to_decide(workplace, CHOICE, alike, Resolution.KEEP_MOSS, examples=2)
    assert len(meant.conflict_ids) == _MOVED
    assert len(meant.examples) == 2
    decided = conflicts.resolve(
        workplace,
        CHOICE,
        meant.conflict_ids,
        Resolution.KEEP_MOSS,
        resolved_by="ada@example.org",
        reason="They are in HQ.",
    )
    assert sorted(decided.waiting) == sorted(meant.conflict_ids)
    assert conflicts.list_groups(workplace, CHOICE).groups.total == 2
    shown = conflicts.show(workplace, CHOICE, largest.conflict_id)
    assert shown.conflict.resolution is Resolution.KEEP_MOSS
    assert shown.conflict.resolved_by == "ada@example.org"
    assert shown.resolutions == {}

    taken_back = conflicts.reopen(
        workplace, CHOICE, meant.conflict_ids, reopened_by="ada@example.org"
    )
    assert len(taken_back.waiting) == _MOVED
    assert conflicts.list_groups(workplace, CHOICE).groups.items[0].conflicts == _MOVED


def test_a_conflict_says_what_each_decision_would_do(workplace: Workplace, disputed: Bench) -> None:
    (first, *_) = conflicts.list_queue(workplace, CHOICE).conflicts
    shown = conflicts.show(workplace, CHOICE, first.conflict_id)
    assert shown.conflict.is_linked
    assert shown.explanation.advice
    assert set(shown.resolutions) == set(Resolution)
    with pytest.raises(ConflictNotResolvable, match="no conflict 999"):
        conflicts.show(workplace, CHOICE, 999)


def test_what_is_not_there_is_told_of_when_it_is_decided(
    workplace: Workplace, disputed: Bench
) -> None:
    numbers = ConflictFilter(conflict_ids=(998, 999), status=None)
    meant = conflicts.to_decide(workplace, CHOICE, numbers, Resolution.PIN)
    assert (meant.conflict_ids, meant.examples) == ((998, 999), ())
    with pytest.raises(ConflictNotResolvable, match="no conflict 998, 999"):
        conflicts.resolve(
            workplace, CHOICE, meant.conflict_ids, Resolution.PIN, resolved_by="ada@example.org"
        )


def test_whoever_only_looks_cannot_decide(workplace: Workplace, disputed: Bench) -> None:
    with workplace.reading(CHOICE) as desk, pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk.connection.execute(
            """update jamf_sync.conflicts set status = 'resolved', resolution = 'pin',
                 resolved_by = 'nobody', resolved_at = now()"""
        )
