"""What a test's M.O.S.S. database holds before the test begins."""

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integrations import create_integration
from moss_jamf_pipeline.moss.schema import prepare
from moss_jamf_pipeline.settings import Settings


def create_strategy_moss(url: str) -> None:
    """Makes an empty M.O.S.S. in the strategy's dialect, ready to be synced."""
    database = MossDatabase(url)
    try:
        with database.connection() as connection:
            prepare(connection, may_create_moss=True)
            create_integration(connection, Settings().integration_name, base_url=None)
    finally:
        database.dispose()
