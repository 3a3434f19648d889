"""What all assets share: keys, groups, owners, pools, retries. No asset is defined here."""

from datetime import timedelta
from typing import Final

import dagster as dg

from moss_jamf_pipeline.settings import Settings

OWNERS: Final = ["team:it_asset_management"]
JAMF_POOL: Final = "jamf_api"
MOSS_POOL: Final = "moss_writes"

# Run tag: what M.O.S.S.'s history calls this kind of sync.
SYNC_TYPE_TAG: Final = "moss_jamf/sync_type"
# Run tag: who or what started the run; without it, Dagster's own tags tell.
TRIGGERED_BY_TAG: Final = "moss_jamf/triggered_by"

# JAMF's own hiccups are retried by the client, request by request; this covers a server that is away for longer.
JAMF_RETRIES: Final = dg.RetryPolicy(
    max_retries=2, delay=15, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
DATABASE_RETRIES: Final = dg.RetryPolicy(
    max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def freshness() -> dg.FreshnessPolicy:
    """When an asset that every full sync makes counts as overdue: an hour after the sync that should have made it."""
    expected = timedelta(hours=Settings().expected_hours)
    return dg.FreshnessPolicy.time_window(
        warn_window=expected + timedelta(minutes=30), fail_window=expected + timedelta(hours=1)
    )


def tags(layer: str) -> dict[str, str]:
    """The tags of a layer's assets, by which the UI filters."""
    return {"domain": "it_asset_management", "layer": layer}
