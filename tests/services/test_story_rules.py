"""The rule that a story names for a field is the one by which the next plan decides it."""

import random
from uuid import UUID

import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.services import conflicts, stories
from moss_jamf_pipeline.services.story_finding import Subject
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE

_MACS = 16
_NOTHING_TO_PLAN = {"agree", "jamf_says_nothing", "not_default", "not_updated"}
_WORDS = ("A", "B", "C", None)


def _let_jamf_say(bench: Bench, dice: random.Random) -> None:
    """Gives every Mac, and every user, other values in some fields."""
    for number in map(str, range(_MACS)):
        bench.computer(
            number,
            hostname=f"mac-{number}-{dice.choice('AB')}",
            asset_tag=dice.choice((f"TAG-{number}", f"NEW-{number}", None)),
            os_version=dice.choice(_WORDS),
            model=dice.choice(_WORDS),
            form_factor=dice.choice(("laptop", "workstation")),
            username=f"user{number}",
            building_id=dice.choice(("1", "2", None)),
        )
        bench.user(
            number,
            username=f"user{number}",
            full_name=f"User {number}",
            email=f"user{number}@example.org",
            phone=dice.choice(_WORDS),
            job_title=dice.choice(_WORDS),
        )


def _let_people_edit(bench: Bench, dice: random.Random) -> None:
    """Has people of M.O.S.S. edit, or empty, some fields."""
    for table, name, columns in (
        ("devices", "hostname", ("os_version", "model", "asset_tag", "device_type", "location_id")),
        ("people", "full_name", ("phone_number", "job_title")),
    ):
        for row in bench.query(f"select id from {table} order by {name}"):
            column = dice.choice(columns)
            if dice.random() < 0.5:
                continue
            value: object = dice.choice(("A", "C", None))
            if column == "device_type":
                value = dice.choice((bench.dialect.laptop, "Server"))
            if column == "location_id":
                value = dice.choice(
                    (
                        None,
                        *(r["id"] for r in bench.query("select id from locations order by name")),
                    )
                )
            if column == "asset_tag":
                value = None if value is None else f"{value}-{row['id']}"
            bench.execute(f"update {table} set {column} = %s where id = %s", value, row["id"])


def _let_people_decide(workplace: Workplace, dice: random.Random) -> None:
    """Has people decide some of the conflicts, one way or another."""
    for conflict in conflicts.list_queue(workplace, CHOICE).conflicts:
        shown = conflicts.show(workplace, CHOICE, conflict.conflict_id)
        if dice.random() < 0.6 and shown.resolutions:
            resolution: Resolution = dice.choice(sorted(shown.resolutions))
            conflicts.resolve(
                workplace, CHOICE, [conflict.conflict_id], resolution, resolved_by="ada"
            )


def _planned(bench: Bench, plan_id: int) -> dict[tuple[UUID, str], str]:
    """Object and field to the rule by which a plan decides it, where it has one."""
    rows = bench.query(
        """select object_id, rule.key as field, rule.value as rule
           from jamf_sync.change_plan cross join lateral jsonb_each_text(rules) as rule
           where plan_id = %s and object_type in ('device', 'person')
           union all
           select object_id, field, kind from jamf_sync.plan_conflicts
           where plan_id = %s and object_id is not null and field is not null
             and kind in ('owned_field_differs', 'human_edit_kept')
           union all
           select object_id, field, rule from jamf_sync.plan_rejections where plan_id = %s""",
        *(plan_id, plan_id, plan_id),
    )
    return {(row["object_id"], row["field"]): row["rule"] for row in rows}


@pytest.mark.parametrize("on_human_edit", ["overwrite_and_flag", "keep"])
def test_a_story_names_the_rule_by_which_the_next_plan_decides(
    workplace: Workplace, bench: Bench, on_human_edit: str
) -> None:
    dice = random.Random(on_human_edit)
    bench.execute(
        "update integration_configs set sync_settings = jsonb_build_object('on_human_edit', %s::text)",
        on_human_edit,
    )
    bench.policies(on_human_edit=on_human_edit)
    for number, name in (("1", "HQ"), ("2", "North")):
        bench.building(number, name)
    _let_jamf_say(bench, dice)
    bench.sync()
    for _ in range(2):
        _let_people_edit(bench, dice)
        _let_jamf_say(bench, dice)
        bench.sync()
        _let_people_decide(workplace, dice)
    _let_people_edit(bench, dice)
    _let_jamf_say(bench, dice)
    plan = bench.plan()
    planned = _planned(bench, plan.plan_id)
    told: dict[tuple[UUID, str], str] = {}
    for subject, table in ((Subject.DEVICE, "devices"), (Subject.PERSON, "people")):
        for row in bench.query(f"select id from {table}"):
            story = stories.tell(workplace, CHOICE, subject, str(row["id"]))
            told |= {(row["id"], field.field): field.rule.value for field in story.fields}
    # Enough happened for the comparison to mean something.
    assert len(set(planned.values())) >= 5, set(planned.values())
    surprising = {
        key: (told.get(key), planned.get(key))
        for key in {*told, *planned}
        if told.get(key) != planned.get(key)
        and not (key not in planned and told[key] in _NOTHING_TO_PLAN)
    }
    assert not surprising
