"""Where the lines and columns of a report's charts stand."""

from datetime import UTC, datetime, timedelta

import pytest

from moss_jamf_pipeline.rendering.report_charts import HEIGHT, WIDTH, column_chart, line_chart
from moss_jamf_pipeline.services.reports.contents import Columns, DayOfChanges, Lines, Point

_DAY = datetime(2026, 11, 1, tzinfo=UTC)


def _lines(*counts: int) -> Lines:
    points = tuple(
        Point(_DAY + timedelta(days=number), count) for number, count in enumerate(counts)
    )
    return Lines("A line", (("conflicts", points),))


@pytest.mark.parametrize(
    "counts", [(0, 0), (0, 1), (3, 17, 9), (99_998, 100_001), (1, 1_000_000), (7,), (12, 12)]
)
def test_every_point_is_inside_and_the_scale_has_few_round_ticks(counts: tuple[int, ...]) -> None:
    chart = line_chart(_lines(*counts))
    (line,) = chart.lines
    for part in line.path.split():
        if part[0] in "ML":
            assert 0 <= float(part[1:]) <= WIDTH
        else:
            assert 0 <= float(part) <= HEIGHT
    assert 2 <= len(chart.ticks) <= 6
    assert len({tick.label for tick in chart.ticks}) == len(chart.ticks)
    assert line.now == counts[-1]
    assert f"{counts[0]:,} at first" in chart.summary


def test_columns_stand_side_by_side_and_what_is_little_is_seen() -> None:
    days = tuple(
        DayOfChanges(_DAY + timedelta(days=number), created, updated)
        for number, (created, updated) in enumerate([(0, 0), (100_000, 1), (0, 50)])
    )
    chart = column_chart(Columns("Columns", days))
    assert (chart.days[0].created, chart.days[0].updated) == (None, None)
    large, small = chart.days[1].created, chart.days[1].updated
    assert large is not None
    assert small is not None
    assert large.height > small.height >= 1.5
    assert large.x + large.width < small.x
    assert large.y >= 0
    assert "100,000 objects were created, and 51 other changes" in chart.summary
