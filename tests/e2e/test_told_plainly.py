"""Nothing is dropped without a word."""

from moss_jamf_pipeline.services import quarantine
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.support.world import World


def _told(world: World) -> tuple[str, str | None]:
    row = world.history()[-1]
    return row["status"], row["error_message"]


def _listed() -> list[tuple[str, str | None]]:
    with Workplace(Settings()) as workplace:
        page = quarantine.list_entries(workplace, Settings().integration)
    return sorted((entry.collection, entry.field) for entry in page)


def _fill(world: World) -> None:
    """Seven records that each have something unusable, and three that only look so."""
    for number, email in enumerate(
        ("dana lee@example.com", "nobody", "lee@example.com,", "mailto:lee.2@example.com"), start=1
    ):
        world.fleet.add_user(username=f"user{number}", realname=f"User {number}", email=email)
    world.fleet.add_user(username="long", realname="Long Phone", phone="1" * 57, email="x@y@z")
    world.fleet.add_user(username="u" * 150, realname="Long Name", email="long.name@example.com")
    for number, general, user in (
        (1, {"name": "h" * 300}, {"email": "a b@example.com"}),
        (2, {"name": "h" * 301}, {}),
        (3, {"name": "mac-3"}, {"phone": "2" * 60}),
        (4, {"name": "mac-4"}, {"email": "<ok@example.com>"}),
    ):
        world.fleet.add_computer(
            {
                "id": str(number),
                "general": general,
                "hardware": {"serialNumber": f"C02AA000000{number}"},
                "userAndLocation": {"username": f"user{number}", **user},
            }
        )


def test_case_t01_a_run_that_dropped_fields_is_partial_and_says_of_how_many_records(
    world: World,
) -> None:
    _fill(world)
    world.sync()

    assert _told(world) == (
        "partial",
        "9 fields of 7 records could not be used; `moss-jamf quarantine list` says which and why.",
    )
    assert _listed() == [
        *[("computers", "email"), ("computers", "hostname"), ("computers", "hostname")],
        ("computers", "phone"),
        *[("users", "email"), ("users", "email"), ("users", "email")],
        *[("users", "phone"), ("users", "username")],
    ]
    people = {row["username"]: row["email_address"] for row in world.query("select * from people")}
    assert people["user3"] == "lee@example.com"
    assert people["user4"] == "lee.2@example.com"


def test_one_field_of_one_record_is_told_until_it_is_corrected(world: World) -> None:
    computer = world.fleet.add_computer(
        {"id": "1", "general": {"name": "h" * 300}, "hardware": {"serialNumber": "C02AA0000001"}}
    )
    for _ in range(2):
        world.sync()
        assert _told(world)[1] == (
            "1 field of 1 record could not be used; `moss-jamf quarantine list` says which and why."
        )
    world.fleet.update_computer(computer.id, {"general": {"name": "mac-1"}})
    world.sync()
    assert _told(world) == ("success", None)


def test_a_run_of_users_only_tells_of_users_only(world: World) -> None:
    _fill(world)
    world.sync("users")

    assert _told(world)[1] == (
        "5 fields of 4 records could not be used; `moss-jamf quarantine list` says which and why."
    )
