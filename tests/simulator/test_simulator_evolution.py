"""An evolution changes exactly what its report says, and the same fleet evolves the same way."""

import pytest

from moss_jamf_pipeline.simulator import (
    Change,
    EvolutionError,
    EvolveReport,
    EvolveRequest,
    Fleet,
    evolve,
    generate_fleet,
)
from tests.simulator.clients import StartServer, client_of

EVERYTHING = EvolveRequest(
    enrolments=4,
    wipes=3,
    re_enrolments=3,
    board_swaps=2,
    reassignments=5,
    renames=4,
    os_updates=6,
    user_changes=3,
    building_renames=1,
    group_changes=7,
    renumber_ids=4,
    renumber_groups=3,
    renumber_buildings=2,
    replace_hardware=2,
    reuse_username=2,
    share_mailbox=2,
    future_contact=2,
    contacts=True,
)


def values_of(fleet: Fleet) -> dict[str, tuple[object, ...]]:
    """What a sync compares, per computer, without contact times."""
    return {
        computer.id: (
            computer.name,
            computer.serial_number,
            computer.udid,
            computer.managed,
            computer.username,
            computer.operating_system_version,
            computer.operating_system_build,
        )
        for computer in fleet.computers.values()
    }


def ids(changes: list[Change]) -> set[str]:
    return {change.id for change in changes}


def before_ids(changes: list[Change]) -> set[str]:
    return {str(change.before["id"]) for change in changes}


@pytest.fixture(params=[0, 1], ids=["clean", "odd"])
def fleet(request: pytest.FixtureRequest) -> Fleet:
    return generate_fleet(400, groups=30, seed=11, oddities=request.param)


def test_the_report_has_as_many_changes_as_were_asked_for(fleet: Fleet) -> None:
    report = evolve(fleet, EVERYTHING)
    for name, wanted in EVERYTHING.model_dump(exclude={"contacts", "reports", "seed"}).items():
        assert len(getattr(report, name)) == wanted, name
    assert report.contacts > 0
    assert report.computers_total == len(fleet.computers) == 400 + 4 - 3 + 2


def test_nothing_changes_but_what_the_report_names(fleet: Fleet) -> None:
    before = values_of(fleet)
    report = evolve(fleet, EVERYTHING)
    after = values_of(fleet)
    created = ids(report.enrolments) | ids(report.re_enrolments) | ids(report.board_swaps)
    removed = ids(report.wipes) | before_ids(report.re_enrolments)
    changed = (
        before_ids(report.board_swaps)
        | ids(report.reassignments)
        | ids(report.renames)
        | ids(report.os_updates)
        | ids(report.renumber_ids)
        | ids(report.replace_hardware)
    )
    assert after.keys() - before.keys() == created
    assert before.keys() - after.keys() == removed
    assert {key for key in before.keys() & after.keys() if before[key] != after[key]} == changed


def test_the_same_fleet_evolves_the_same_way() -> None:
    reports = [
        [evolve(fleet, EVERYTHING) for _ in range(3)]
        for fleet in (generate_fleet(400, seed=4), generate_fleet(400, seed=4))
    ]
    assert reports[0] == reports[1]
    assert [report.generation for report in reports[0]] == [1, 2, 3]


def test_another_seed_changes_other_records() -> None:
    first, second = generate_fleet(400, seed=4), generate_fleet(400, seed=4)
    own = evolve(first, EvolveRequest(renames=5))
    other = evolve(second, EvolveRequest(renames=5, seed=99))
    assert ids(own.renames) != ids(other.renames)


def test_a_re_enrolled_mac_keeps_serial_udid_and_user_under_a_new_id(fleet: Fleet) -> None:
    (change,) = evolve(fleet, EvolveRequest(re_enrolments=1)).re_enrolments
    assert change.before["id"] not in fleet.computers
    for key in ("serial_number", "udid", "name", "username"):
        assert change.before[key] == change.after[key]
    assert change.before["id"] != change.after["id"]


def test_a_board_swap_leaves_the_old_record_unmanaged(fleet: Fleet) -> None:
    (change,) = evolve(fleet, EvolveRequest(board_swaps=1)).board_swaps
    old = fleet.computers[str(change.before["id"])]
    new = fleet.computers[change.id]
    assert (old.managed, new.managed) == (False, True)
    assert old.serial_number == new.serial_number
    assert old.udid != new.udid
    assert (new.last_contact or 0) > (old.last_contact or 0)


def test_reassigned_macs_have_a_user_of_the_fleet_and_another_than_before(fleet: Fleet) -> None:
    usernames = {user.username for user in fleet.users.values()}
    for change in evolve(fleet, EvolveRequest(reassignments=10)).reassignments:
        assert change.after["username"] in usernames
        assert change.after["username"] != change.before["username"]


def test_new_names_and_serials_are_unique(fleet: Fleet) -> None:
    report = evolve(fleet, EvolveRequest(renames=20, enrolments=20))
    struck = ids(report.renames) | ids(report.enrolments)
    for attribute in ("name", "serial_number"):
        values = [getattr(computer, attribute) for computer in fleet.computers.values()]
        assert all(values.count(getattr(fleet.computers[key], attribute)) == 1 for key in struck)


def test_a_changed_person_changes_the_location_of_their_macs(fleet: Fleet) -> None:
    for change in evolve(fleet, EvolveRequest(user_changes=20)).user_changes:
        user = fleet.users[change.id]
        assert (user.position, user.phone) == (change.after["position"], change.after["phone"])
        assert change.before["position"] != change.after["position"]
        computer_ids = change.after["computer_ids"]
        assert isinstance(computer_ids, list)
        for computer_id in computer_ids:
            assert fleet.computers[computer_id].position == user.position


def test_contacts_move_times_and_nothing_else(fleet: Fleet) -> None:
    before, contacts = values_of(fleet), {c.id: c.last_contact for c in fleet.computers.values()}
    report = evolve(fleet, EvolveRequest(contacts=True))
    moved = [c for c in fleet.computers.values() if c.last_contact != contacts[c.id]]
    assert values_of(fleet) == before
    assert len(moved) == report.contacts
    assert all(computer.managed for computer in moved)
    assert all((c.last_contact or 0) <= fleet.now_milliseconds for c in moved)


def test_edits_move_no_report_date_unless_the_changed_macs_report(fleet: Fleet) -> None:
    request = EvolveRequest(
        os_updates=3, reassignments=3, renames=3, user_changes=3, group_changes=5
    )
    before = {computer.id: computer.report_date for computer in fleet.computers.values()}
    evolve(fleet, request)
    assert {c.id: c.report_date for c in fleet.computers.values()} == before
    report = evolve(fleet, request.model_copy(update={"reports": True}))
    moved = {c.id for c in fleet.computers.values() if c.report_date != before[c.id]}
    struck = ids(report.os_updates) | ids(report.reassignments) | ids(report.renames)
    for change in report.user_changes:
        computer_ids = change.after["computer_ids"]
        assert isinstance(computer_ids, list)
        struck |= set(computer_ids)
    struck |= {str(c.after["member"]) for c in report.group_changes if "member" in c.after}
    struck |= {str(c.before["member"]) for c in report.group_changes if "member" in c.before}
    assert moved == struck
    assert all(
        fleet.computers[key].report_date == fleet.computers[key].last_contact for key in moved
    )


def test_group_changes_show_in_the_groups(fleet: Fleet) -> None:
    report = evolve(fleet, EvolveRequest(group_changes=5))
    renamed, joined, left, created, deleted = report.group_changes
    assert fleet.groups[renamed.id].name == renamed.after["name"]
    assert str(joined.after["member"]) in fleet.members_of(joined.id)
    assert str(left.before["member"]) not in fleet.members_of(left.id)
    assert fleet.groups[created.id].name == created.after["name"]
    assert deleted.id not in fleet.groups


def test_renumbered_macs_keep_everything_but_their_ids(fleet: Fleet) -> None:
    hardware = {
        computer.udid: (computer.serial_number, computer.name, computer.username)
        for computer in fleet.computers.values()
    }
    managed = {computer.id: computer.management_id for computer in fleet.computers.values()}
    changes = evolve(fleet, EvolveRequest(renumber_ids=5)).renumber_ids
    assert ids(changes) == before_ids(changes)
    for change in changes:
        assert change.id == change.after["id"] != change.before["id"]
        computer = fleet.computers[change.id]
        assert (computer.serial_number, computer.name, computer.username) == hardware[computer.udid]
        assert computer.management_id not in managed.values()


def test_renumbered_groups_and_buildings_keep_all_who_are_in_them(fleet: Fleet) -> None:
    def inside() -> dict[str, set[str]]:
        members = {group.name: set(fleet.members_of(group.id)) for group in fleet.groups.values()}
        for building in fleet.buildings.values():
            members[building.name] = {
                computer.id
                for computer in fleet.computers.values()
                if computer.building_id == building.id
            }
        return members

    before = inside()
    report = evolve(fleet, EvolveRequest(renumber_groups=5, renumber_buildings=3))
    for changes, records in (
        (report.renumber_groups, fleet.groups),
        (report.renumber_buildings, fleet.buildings),
    ):
        assert ids(changes) == before_ids(changes)
        for change in changes:
            assert change.id != change.before["id"]
            assert records[change.id].name == change.before["name"]
    assert inside() == before


@pytest.mark.parametrize("kind", ["renumber_ids", "renumber_groups", "renumber_buildings"])
def test_one_alone_cannot_be_renumbered(fleet: Fleet, kind: str) -> None:
    with pytest.raises(EvolutionError, match="nobody to exchange ids with"):
        evolve(fleet, EvolveRequest(**{kind: 1}))
    assert fleet.generation == 0


def test_replaced_hardware_answers_under_the_same_record(fleet: Fleet) -> None:
    serial_numbers = {computer.serial_number for computer in fleet.computers.values()}
    (change,) = evolve(fleet, EvolveRequest(replace_hardware=1)).replace_hardware
    computer = fleet.computers[change.id]
    assert (computer.serial_number, computer.model.name) == (
        change.after["serial_number"],
        change.after["model"],
    )
    assert change.after["serial_number"] not in serial_numbers
    assert change.after["model"] != change.before["model"]
    for kept in ("id", "udid", "name", "username"):
        assert change.after[kept] == change.before[kept]


def test_a_user_name_that_is_handed_on_is_another_persons(fleet: Fleet) -> None:
    for change in evolve(fleet, EvolveRequest(reuse_username=6)).reuse_username:
        assert str(change.before["id"]) not in fleet.users
        newcomer = fleet.users[change.id]
        assert newcomer.username == change.before["username"] == change.after["username"]
        assert newcomer.email == change.after["email"] != change.before["email"]
        named = [
            computer
            for computer in fleet.computers.values()
            if computer.username == newcomer.username
        ]
        assert [computer.id for computer in named] == change.after["computer_ids"]
        assert {computer.email for computer in named} <= {newcomer.email}


def test_a_shared_mailbox_belongs_to_another_user_who_keeps_it(fleet: Fleet) -> None:
    for change in evolve(fleet, EvolveRequest(share_mailbox=6)).share_mailbox:
        user, owner = fleet.users[change.id], fleet.users[str(change.after["shared_with"])]
        assert user.email == owner.email == change.after["email"] != change.before["email"]
        assert user.username != owner.username
        named = [each for each in fleet.computers.values() if each.username == user.username]
        assert [computer.id for computer in named] == change.after["computer_ids"]
        assert {computer.email for computer in named} <= {user.email}


def test_a_contact_from_the_future_is_over_with_the_next_check_in(fleet: Fleet) -> None:
    present = fleet.now_milliseconds
    request = EvolveRequest(future_contact=3, contacts=True)
    changes = evolve(fleet, request).future_contact
    for change in changes:
        contact = fleet.computers[change.id].last_contact
        assert contact == change.after["last_contact"]
        assert contact is not None
        assert contact > present + 3000 * 365 * 24 * 3_600_000
    evolve(fleet, EvolveRequest(contacts=True))
    for change in changes:
        assert (fleet.computers[change.id].last_contact or 0) <= fleet.now_milliseconds


def test_a_fleet_that_is_too_small_refuses_and_stays_as_it_was() -> None:
    fleet = generate_fleet(10, oddities=False)
    before = values_of(fleet)
    with pytest.raises(EvolutionError, match="ask for fewer changes"):
        evolve(fleet, EvolveRequest(renames=2, wipes=9))
    assert values_of(fleet) == before
    assert fleet.generation == 0


def test_evolving_over_http_returns_the_report(start_server: StartServer) -> None:
    server = start_server(computers=50)
    with client_of(server) as client:
        report = EvolveReport.model_validate(
            client.post("/simulator/evolve", json={"renames": 2}).json()
        )
        assert len(report.renames) == 2
        for change in report.renames:
            record = client.get(f"/api/v4/computers-inventory/{change.id}").json()
            assert record["general"]["name"] == change.after["name"]
        assert client.post("/simulator/evolve", json={"renames": 500}).status_code == 409
        assert client.post("/simulator/evolve", json={"rename": 1}).status_code == 422
        assert client.get("/simulator").json()["generation"] == 1
