"""The runs as a door lists them."""

from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.services.history import list_runs
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE


def test_runs_come_in_pages_newest_first(workplace: Workplace, bench: Bench) -> None:
    for number in range(5):
        run_id = f"run-{number}"
        open_history(
            bench.connection,
            bench.integration.id,
            run_id=run_id,
            sync_type="full",
            triggered_by="ada@example.org",
        )
        close_history(bench.connection, run_id=run_id, status="failed", error_message="It rained.")
    pages = [
        list_runs(workplace, CHOICE, PageRequest(limit=2, offset=offset)) for offset in (0, 2, 4, 6)
    ]
    runs = [run for page in pages for run in page]
    assert [run.run_id for run in runs] == [f"run-{number}" for number in range(4, -1, -1)]
    assert [page.total for page in pages] == [5] * 4
    assert {(run.status, run.error_message, run.triggered_by) for run in runs} == {
        ("failed", "It rained.", "ada@example.org")
    }
