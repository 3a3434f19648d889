"""Which of a machine's PostgreSQL servers the SQL tests run on."""

from pathlib import Path

from tests.support.other_servers import Installation, newest_of_each_major


def test_the_newest_minor_version_of_each_major_one_is_taken_oldest_first() -> None:
    old, new, next_major = (
        Installation(15, 9, Path("/a")),
        Installation(15, 17, Path("/b")),
        Installation(16, 1, Path("/c")),
    )
    assert newest_of_each_major([next_major, new, old]) == [new, next_major]
    assert new.version == "15.17"
