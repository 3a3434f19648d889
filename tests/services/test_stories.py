"""One object's story: what both sides say, why, and everything that happened to it, told by whatever it is known by."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.catalogue.rules import REASONS, FieldRule
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.plan.guard import choose_plan
from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.services import conflicts, reverts, stories
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.stories import Story
from moss_jamf_pipeline.services.story_finding import ObjectUnclear, ObjectUnknown, Subject
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice
from tests.db.support import Bench, second_server
from tests.services.conftest import CHOICE
from tests.support.explained import nodes_of

_SLOT = datetime(2026, 11, 20, 6, tzinfo=UTC)


def _run(bench: Bench, *approve: str, by: str = "ada@example.org") -> int:
    """Plans and applies as a run does, which leaves its name; returns the plan."""
    run_id = str(uuid4())
    bench.execute(
        """insert into jamf_sync.sync_runs (run_id, integration_id, history_id, sync_type, triggered_by)
           values (%s, %s, %s, 'full', %s)""",
        *(run_id, bench.integration.id, uuid4(), by),
    )
    plan_id = (
        bench.value("select max(plan_id) from jamf_sync.plans") if approve else bench.plan().plan_id
    )
    choice = choose_plan(
        bench.connection,
        bench.integration,
        run_id=run_id,
        plan_id=plan_id,
        approve=approve,
        approved_by="grace@example.org",
    )
    bench.apply(choice.plan)
    return plan_id


def _told(workplace: Workplace, sought: object, subject: Subject = Subject.DEVICE) -> Story:
    return stories.tell(workplace, CHOICE, subject, str(sought))


def _device(bench: Bench, jamf_id: str) -> UUID:
    found: UUID = bench.match_of("device_matches", jamf_id)["device_id"]
    return found


def _sentences(story: Story) -> list[str]:
    return [event.what for event in story.timeline]


@pytest.fixture
def renamed(bench: Bench) -> Bench:
    """A Mac that JAMF renamed between two captures, the first of which covers a slot."""
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    bench.building("4", "HQ")
    known: dict[str, Any] = {
        "asset_tag": "T-7",
        "os_version": "15.0",
        "username": "ada",
        "building_id": "4",
    }
    bench.computer("7", "SERIAL7", hostname="mac-old", **known)
    bench.cover("computers", bench.captures["computers"].capture_id, [_SLOT])
    _run(bench)
    bench.capture_again("computers")
    bench.computer("7", "SERIAL7", hostname="mac-new", **known)
    _run(bench, by="the schedule")
    return bench


@pytest.mark.parametrize(
    "sought", ["mac-new", "MAC-NEW", " SERIAL7 ", "serial7", "mac-old", "7", "jamf:7", "uuid"]
)
def test_a_renamed_mac_says_who_renamed_it_when_and_why_by_whatever_it_is_known(
    workplace: Workplace, renamed: Bench, sought: str
) -> None:
    story = _told(workplace, _device(renamed, "7") if sought == "uuid" else sought)
    assert (story.name, story.key, story.is_in_moss) == ("mac-new", "SERIAL7", True)
    event = story.timeline[0]
    assert event.what == "Host name changed."
    assert (event.by, event.outcome, event.action) == ("the schedule", "applied", "update")
    (change,) = event.fields
    assert (change.before, change.after, change.rule, change.owner) == (
        "mac-old",
        "mac-new",
        "jamf_wins",
        "JAMF",
    )
    assert _sentences(story)[1:] == [
        "JAMF says otherwise: host name.",
        "Created in M.O.S.S. and linked to computer 7.",
        "JAMF lists computer 7, as far back as is kept.",
    ]
    (hostname,) = [field for field in story.fields if field.field == "hostname"]
    assert (hostname.jamf, hostname.moss, hostname.base, hostname.owner, hostname.rule) == (
        *("mac-new", "mac-new", "mac-new", "JAMF"),
        FieldRule.AGREE,
    )
    assert story.match is not None
    assert story.match.agreed == ("serial_number",)
    (link,) = story.links
    assert (link.external_id, link.sync_status, link.is_own) == ("7", "synced", True)


def test_an_older_slot_shows_what_jamf_said_then_beside_what_moss_has_now(
    workplace: Workplace, renamed: Bench
) -> None:
    story = stories.tell(workplace, CHOICE, Subject.DEVICE, "SERIAL7", as_of=_SLOT)
    (hostname,) = [field for field in story.fields if field.field == "hostname"]
    assert (hostname.jamf, hostname.jamf_now, hostname.moss) == ("mac-old", "mac-new", "mac-new")
    assert story.as_of == _SLOT
    # All else is as it was, who and where as well.
    others = [field for field in story.fields if field.field != "hostname"]
    assert [(field.field, field.jamf) for field in others] == [
        (field.field, field.jamf_now) for field in others
    ]
    with pytest.raises(NothingCaptured, match="2026-11-20-12:00"):
        stories.tell(workplace, CHOICE, Subject.DEVICE, "SERIAL7", as_of=_SLOT + timedelta(hours=6))


def test_the_events_come_in_pages(workplace: Workplace, renamed: Bench) -> None:
    everything = _told(workplace, "SERIAL7").timeline
    pages = [
        stories.tell(
            workplace, CHOICE, Subject.DEVICE, "SERIAL7", events=PageRequest(limit=3, offset=offset)
        )
        for offset in (0, 3, 6)
    ]
    assert [page.timeline_total for page in pages] == [len(everything)] * 3
    assert sum((page.timeline for page in pages), ()) == everything


def test_a_mac_that_left_jamf_and_came_back_tells_both(workplace: Workplace, bench: Bench) -> None:
    bench.computer("7", "SERIAL7", hostname="mac-7")
    _run(bench)
    bench.capture_again("computers")
    bench.gone("computers", "7")
    _run(bench)
    away = _told(workplace, "mac-7")
    assert away.standing[0].startswith("It is unenrolled: JAMF Pro no longer has computer 7")
    assert away.jamf is not None
    assert not away.jamf.is_present
    assert {field.rule for field in away.fields} == {FieldRule.GONE_FROM_JAMF}
    assert _sentences(away)[:2] == ["Marked unenrolled.", "JAMF no longer lists computer 7."]
    assert away.timeline[0].why == REASONS["absent_from_jamf"]
    bench.capture_again("computers")
    bench.computer("7", "SERIAL7", hostname="mac-7")
    _run(bench)
    back = _told(workplace, "mac-7")
    assert back.standing[0].startswith("It is linked to computer 7 of JAMF Pro since ")
    assert _sentences(back)[:2] == ["Marked as back in JAMF.", "JAMF lists computer 7 again."]


def test_who_is_not_known_is_told_where_it_was_looked_and_what_is_called_alike(
    workplace: Workplace, bench: Bench
) -> None:
    bench.device(hostname="lab-mac-1", serial_number="LAB1")
    bench.device(hostname="lab_mac%2", serial_number="LAB2")
    with pytest.raises(ObjectUnknown) as error:
        _told(workplace, "lab-mac")
    assert "host names, serial numbers and JAMF ids" in error.value.message
    assert error.value.remedy == "Did you mean lab-mac-1 · LAB1?"
    with pytest.raises(ObjectUnknown) as error:
        _told(workplace, "_mac%")
    assert error.value.remedy == "Did you mean lab_mac%2 · LAB2?"
    for nothing in ("", " ", "%", str(uuid4()), "jamf:", "jamf:99", "99", "\\"):
        with pytest.raises(ObjectUnknown):
            _told(workplace, nothing)
    for subject in (Subject.PERSON, Subject.GROUP):
        with pytest.raises(ObjectUnknown, match=f"There is no {subject} 'nobody'"):
            _told(workplace, "nobody", subject)


@pytest.mark.dialects("strategy")
def test_of_an_ambiguous_name_the_candidates_are_listed(workplace: Workplace, bench: Bench) -> None:
    for number in "12":
        bench.computer(number, f"SERIAL{number}", hostname="lab-mac")
    bench.sync()
    with pytest.raises(ObjectUnclear) as error:
        _told(workplace, "LAB-MAC")
    assert [candidate.key for candidate in error.value.candidates] == ["SERIAL1", "SERIAL2"]
    assert "lab-mac · SERIAL1; lab-mac · SERIAL2" in error.value.message
    assert _told(workplace, "SERIAL2").key == "SERIAL2"


def test_a_host_name_goes_before_a_jamf_id_of_the_same_letters(
    workplace: Workplace, bench: Bench
) -> None:
    bench.computer("12", "SERIAL12", hostname="mac-12")
    bench.computer("13", "SERIAL13", hostname="12")
    bench.sync()
    assert _told(workplace, "12").key == "SERIAL13"
    assert _told(workplace, "jamf:12").key == "SERIAL12"


def test_of_a_personally_owned_computer_nothing_is_shown_but_that(
    workplace: Workplace, bench: Bench
) -> None:
    bench.user("1", username="dana", full_name="Dana Lee", email="dana@example.org")
    bench.computer("7", "SERIAL7", hostname="danas-mac", username="dana")
    _run(bench)
    device = _device(bench, "7")
    bench.capture_again("computers")
    bench.personal_computer("7")
    bench.sync()
    for sought in ("7", "jamf:7", "danas-mac", "SERIAL7", device):
        story = _told(workplace, sought)
        assert story.is_personally_owned
        assert story.standing == (
            "Computer 7 of JAMF Pro is personally owned. Nothing but its id is kept, and nothing of it is shown.",
        )
        shown = repr(story)
        for secret in ("danas-mac", "SERIAL7", "dana@example.org", "Dana"):
            assert secret not in shown
    with pytest.raises(ObjectUnknown) as error:
        _told(workplace, "danas")
    assert "danas-mac" not in error.value.remedy
    person = _told(workplace, "dana", Subject.PERSON)
    (mac,) = person.related
    assert (mac.is_personally_owned, mac.name, mac.key) == (True, None, None)


def test_what_the_guard_held_and_who_approved_it(workplace: Workplace, bench: Bench) -> None:
    bench.computer("7", "SERIAL7", hostname="old-7")
    bench.sync()
    bench.computer("7", "SERIAL7", hostname="new-7")
    bench.policies(guard={"rename": {"absolute": 0}})
    for _ in range(3):
        plan_id = _run(bench)
    held = _told(workplace, "SERIAL7")
    (event,) = [event for event in held.timeline if event.outcome == "held"]
    assert event.what == "Held by the guard (rename), not written: change host name."
    # Each sync finds it anew: it is told once.
    assert (event.times, event.plan_id, event.first_plan_id) == (3, plan_id, plan_id - 2)
    assert any(f"`moss-jamf approve {plan_id}`" in sentence for sentence in held.standing)
    _run(bench, "rename")
    released = _told(workplace, "SERIAL7").timeline[0]
    assert (released.what, released.outcome) == ("Host name changed.", "applied")
    assert (released.approved_by, released.by) == ("grace@example.org", "ada@example.org")


def test_what_was_undone_says_by_which_plan(workplace: Workplace, renamed: Bench) -> None:
    plan_id = renamed.value("select max(plan_id) from jamf_sync.plans")
    made = reverts.make(workplace, CHOICE, plan_id, pinned_by="ada@example.org")
    renamed.apply(
        choose_plan(renamed.connection, renamed.integration, run_id="r", plan_id=made.plan_id).plan
    )
    story = _told(workplace, "SERIAL7")
    rename = next(event for event in story.timeline if event.plan_id == plan_id)
    assert rename.undone_by_plan == made.plan_id
    undoing = next(event for event in story.timeline if event.plan_id == made.plan_id)
    assert undoing.what == f"Undone (plan {plan_id}): Host name changed."
    (hostname,) = [field for field in story.fields if field.field == "hostname"]
    assert hostname.rule is FieldRule.PINNED
    assert "That was ada@example.org" in hostname.why


def test_conflicts_are_told_with_what_people_decided(workplace: Workplace, bench: Bench) -> None:
    bench.linked_device("7", serial_number="SERIAL7", hostname="mac-7", asset_tag="MOSS-7")
    bench.computer("7", "SERIAL7", hostname="mac-7", asset_tag="JAMF-7")
    bench.sync()
    (conflict,) = _told(workplace, "mac-7").conflicts
    story = _told(workplace, "mac-7")
    (tag,) = [field for field in story.fields if field.field == "asset_tag"]
    assert (tag.rule, tag.conflict_id) == (FieldRule.OWNED_FIELD_DIFFERS, conflict.conflict_id)
    conflicts.resolve(
        workplace,
        CHOICE,
        [conflict.conflict_id],
        Resolution.TAKE_JAMF,
        resolved_by="ada",
        reason="Label was replaced.",
    )
    story = _told(workplace, "mac-7")
    event = story.timeline[0]
    assert event.what == f"Conflict {conflict.conflict_id} decided (asset tag): take JAMF."
    assert (event.by, event.why) == ("ada", "Label was replaced.")
    assert "As things are, the next sync writes: asset tag." in story.standing
    bench.sync()
    story = _told(workplace, "mac-7")
    (written,) = [event for event in story.timeline if event.what == "Asset tag changed."]
    assert written.fields[0].rule == "decided_take_jamf"


def test_a_record_that_cannot_be_used_says_why(workplace: Workplace, bench: Bench) -> None:
    bench.computer("7", "SERIAL7", hostname="mac-7", is_usable=False)
    bench.execute(
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, version_id, reason, detail, is_whole_record)
           select integration_id, 'computers', '7', version_id, 'serial_number_missing',
                  'JAMF has no serial number.', true
           from jamf_sync.raw_jamf_computers where jamf_id = '7'"""
    )
    bench.sync()
    story = _told(workplace, "mac-7")
    assert not story.is_in_moss
    assert [entry.reason for entry in story.quarantine] == ["serial_number_missing"]
    assert "Its JAMF record is in quarantine: JAMF has no serial number." in story.standing
    assert {field.rule for field in story.fields} == {FieldRule.NOT_LINKED}


def test_a_device_that_jamf_never_had_is_moss_s_own(workplace: Workplace, bench: Bench) -> None:
    bench.device(hostname="printer", serial_number="PRN1")
    story = _told(workplace, "printer")
    assert story.standing == ("No record of JAMF Pro is linked to it. M.O.S.S. alone knows it.",)
    assert (story.jamf, story.match, story.timeline) == (None, None, ())


def test_a_person_tells_its_macs_and_whom_it_resembles(workplace: Workplace, bench: Bench) -> None:
    bench.person(full_name="Ada Nyberg", username="nyberg.ada")
    bench.user("1", username="anyberg", full_name="Ada Nyberg", email="anyberg@example.org")
    bench.computer("7", "SERIAL7", hostname="mac-7", username="anyberg")
    bench.sync()
    for sought in ("anyberg@example.org", "ANYBERG", "jamf:1"):
        story = _told(workplace, sought, Subject.PERSON)
        assert story.name == "Ada Nyberg"
    assert [(one.relation, one.name, one.key) for one in story.related] == [
        ("device", "mac-7", "SERIAL7")
    ]
    assert [conflict.kind for conflict in story.conflicts] == ["likely_duplicate"]
    with pytest.raises(ObjectUnclear, match="2 people are known as 'Ada Nyberg'"):
        _told(workplace, "Ada Nyberg", Subject.PERSON)
    bench.computer("8", "SERIAL8", hostname="mac-8", username="guest9")
    bench.sync()
    guest = _told(workplace, "guest9", Subject.PERSON)
    assert guest.jamf is not None
    assert (guest.jamf.external_type, guest.jamf.is_present) == ("computer_user", True)


def test_a_group_tells_its_members_in_sums(workplace: Workplace, bench: Bench) -> None:
    bench.computer_group("3", "Lab")
    for number in "123456":
        bench.computer(number, hostname=f"mac-{number}", static_group_ids=["3"])
    bench.sync()
    for sought in ("Lab", "[JAMF] lab", "jamf:3"):
        story = _told(workplace, sought, Subject.GROUP)
        assert story.name == "[JAMF] Lab"
    assert "6 members added: mac-1, mac-2, mac-3 and others." in _sentences(story)
    assert {one.total for one in story.related} == {6}
    assert [one.name for one in story.related] == [f"mac-{number}" for number in "123456"]
    mac = _told(workplace, "mac-1")
    assert "Added to the group [JAMF] Lab." in _sentences(mac)


def test_an_object_that_another_server_leads_says_so(workplace: Workplace, bench: Bench) -> None:
    bench.computer("7", "SERIAL7", hostname="mac-7")
    bench.sync()
    lab = second_server(bench)
    lab.computer("70", "SERIAL7", hostname="lab-7")
    lab.sync()
    story = stories.tell(workplace, IntegrationChoice(name="JAMF Lab"), Subject.DEVICE, "SERIAL7")
    assert story.led_by == "JAMF Pro"
    assert {field.rule for field in story.fields} == {FieldRule.LED_BY_OTHER_SERVER}
    assert {(link.server, link.is_own) for link in story.links} == {
        ("JAMF Pro", False),
        ("JAMF Lab", True),
    }


def test_every_reason_and_rule_of_a_plan_has_a_sentence(bench: Bench) -> None:
    for number in "12":
        bench.computer(
            number, hostname=f"mac-{number}", username=f"u{number}", static_group_ids=["3"]
        )
    bench.computer_group("3", "Lab")
    bench.device(hostname="known", serial_number="SERIAL2")
    bench.sync()
    for row in bench.query("select distinct reason from jamf_sync.change_plan"):
        assert row["reason"] in {*REASONS, "document_changed", "values_agree"}
    for row in bench.query(
        "select distinct rule.value as rule from jamf_sync.change_plan, jsonb_each_text(rules) as rule"
    ):
        assert FieldRule(row["rule"]).meaning


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("stories/changes", {"change_plan"}),
        ("stories/member_changes", {"change_plan"}),
        ("stories/conflicts", {"conflicts"}),
        ("stories/versions", {"raw_jamf_computers", "jamf_computers_snapshot"}),
        ("stories/quarantine", {"raw_jamf_computers"}),
        ("stories/unenrolments", {"change_plan"}),
    ],
)
def test_no_story_goes_through_all_there_is(bench: Bench, name: str, tables: set[str]) -> None:
    # Of tables with next to nothing in them, any plan is as good as another.
    bench.computer("7", hostname="mac-7")
    plan = bench.sync()
    bench.execute(
        """insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id,
                                              action, reason, before, after, rules, details)
           select %s, (array['device', 'io', 'group_member', 'mapping'])[1 + number %% 4],
                  gen_random_uuid(), 'device', gen_random_uuid()::text,
                  'update', 'changed', '{}', '{}', '{}', '{}'
           from generate_series(1, 8000) as number""",
        plan.plan_id,
    )
    bench.execute("analyze jamf_sync.change_plan")
    given = {
        "integration_id": bench.integration.id,
        "object_type": "device",
        "object_id": uuid4(),
        "external_type": "computer",
        "external_id": "7",
        "jamf_id": "7",
        "collection": "computers",
        "capture_id": 1,
        "ids": [uuid4()],
    }
    with bench.connection.transaction():
        bench.execute("set local enable_seqscan = off")
        ((explained,),) = bench.connection.execute(
            b"explain (format json) " + statement(name), given
        ).fetchall()[0]
    # An index of another column, gone through from end to end, is no better than the table.
    scans = {
        node["Relation Name"]
        for node in nodes_of(explained["Plan"])
        if node["Node Type"] in ("Seq Scan", "Index Scan", "Index Only Scan")
        and not {"object_id", "external_id", "jamf_id", "version_id", "row_id"}
        & set(re.findall(r"\w+", node.get("Index Cond", "")))
    }
    assert not scans & tables


def test_a_mobile_device_has_its_story_beside_the_computer_of_its_number(
    workplace: Workplace, bench: Bench
) -> None:
    bench.policies(sync_mobile_devices=True)
    bench.computer("7", "SERIAL7", hostname="mac-7")
    bench.mobile_device("7", "MOB7", hostname="phone-7", os_version="26.1")
    _run(bench)
    for sought in ("mobile:7", "jamf:mobile:7", "phone-7", "MOB7"):
        story = _told(workplace, sought)
        assert (story.name, story.key, story.is_in_moss) == ("phone-7", "MOB7", True)
    assert story.jamf is not None
    assert (story.jamf.external_type, story.jamf.external_id) == ("mobile_device", "mobile:7")
    assert _sentences(story) == [
        "Created in M.O.S.S. and linked to mobile device 7.",
        "JAMF lists mobile device 7, as far back as is kept.",
    ]
    assert _told(workplace, "7").name == "mac-7"
