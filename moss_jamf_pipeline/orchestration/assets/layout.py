"""What the assets of one integration share: keys, layers, owners, pools, retries. No asset is defined here.

An asset is the step of `engine.scopes` of the same name; what it depends on follows from there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from moss_jamf_pipeline.engine.scopes import UPSTREAM
from moss_jamf_pipeline.orchestration.assets.statements import files_of, sql_of
from moss_jamf_pipeline.orchestration.assets.step import close_history_on_failure
from moss_jamf_pipeline.orchestration.presentation import table_metadata
from moss_jamf_pipeline.settings import IntegrationChoice

# One step at a time reads a JAMF server; with several servers each has a pool of its own, with its slug behind.
JAMF_POOL: Final = "jamf_api"
# One step at a time writes M.O.S.S., whichever server it comes from: they share the database.
MOSS_POOL: Final = "moss_writes"

_OWNERS: Final = ["team:it_asset_management"]

# JAMF's own hiccups are retried by the client, request by request; this covers a server that is away for longer.
_JAMF_RETRIES: Final = dg.RetryPolicy(
    max_retries=2, delay=15, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
DATABASE_RETRIES: Final = dg.RetryPolicy(
    max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)

AssetDecorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]


@dataclass(frozen=True, slots=True)
class Layer:
    """What the assets of one layer have in common.

    Attributes:
        group: their group in the UI, where there is one integration.
        tag: the layer's name among the tags, by which the UI filters.
        kinds: what they work with.
        retries: when a step that failed is tried again.
        pool: the pool in which one of them runs at a time, where there is one integration; None: none.
        has_slots: whether they are partitioned by slot.
        takes_ranges: whether a range of slots is one run.
        is_expected: whether every full sync makes them, so that they can be overdue.
    """

    group: str
    tag: str
    kinds: frozenset[str]
    retries: dg.RetryPolicy = DATABASE_RETRIES
    pool: str | None = None
    has_slots: bool = False
    takes_ranges: bool = False
    is_expected: bool = False


_SQL: Final = frozenset({"sql", "postgres"})

SERVER: Final = Layer("jamf_raw", "raw", frozenset({"http"}), _JAMF_RETRIES, JAMF_POOL)
RAW: Final = Layer(
    "jamf_raw",
    "raw",
    frozenset({"http", "json", "postgres"}),
    _JAMF_RETRIES,
    JAMF_POOL,
    has_slots=True,
    takes_ranges=True,
)
NAMED: Final = Layer(
    "jamf_raw", "raw", frozenset({"http", "json", "postgres"}), _JAMF_RETRIES, JAMF_POOL
)
SNAPSHOTS: Final = Layer(
    "jamf_snapshots",
    "snapshot",
    frozenset({"pandas", "postgres"}),
    has_slots=True,
    takes_ranges=True,
    is_expected=True,
)
MATCHING: Final = Layer("matching", "matching", _SQL)
PLAN: Final = Layer("plan", "plan", _SQL)
# It locks what it changes while it lasts, as an apply does.
TRIAL: Final = Layer("plan", "plan", _SQL, pool=MOSS_POOL)
WHAT_IF: Final = Layer("plan", "plan", _SQL, has_slots=True)
MOSS: Final = Layer("moss", "moss", _SQL, pool=MOSS_POOL, is_expected=True)
REPORT: Final = Layer("reports", "report", frozenset({"postgres", "html"}))
HISTORY: Final = Layer("moss", "moss", frozenset({"postgres"}), pool=MOSS_POOL, is_expected=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the assets of one integration lie.

    Attributes:
        integration: which one; its slug is the first part of every asset key.
        is_alone: whether the code location has no other; then its groups and pools need not say whose they are.
        slots: the partitions of captures and snapshots.
        expected_every: how often a sync is expected; an hour later its assets are overdue.
    """

    integration: IntegrationChoice
    is_alone: bool
    slots: dg.TimeWindowPartitionsDefinition
    expected_every: timedelta

    @property
    def prefix(self) -> str:
        """The first part of every asset key."""
        return self.integration.slug

    def key(self, step: str) -> dg.AssetKey:
        """The key of a step's asset."""
        return dg.AssetKey([self.prefix, step])

    def asset(
        self,
        step: str,
        layer: Layer,
        description: str,
        *,
        table: str | None = None,
        upstream: tuple[str, ...] | None = None,
    ) -> AssetDecorator:
        """The decorator that makes the asset of a step.

        Args:
            step: its name.
            layer: where it belongs.
            description: what it holds, for people.
            table: the table that it fills, as `presentation.table_metadata` has it; None: no single one.
            upstream: the steps it depends on, if it is no step of a sync itself.
        """

        def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
            return dg.asset(
                name=step,
                key_prefix=self.prefix,
                group_name=layer.group if self.is_alone else f"{self.prefix}_{layer.group}",
                description=description,
                deps=[self.key(name) for name in upstream or UPSTREAM[step]],
                partitions_def=self.slots if layer.has_slots else None,
                backfill_policy=dg.BackfillPolicy.single_run() if layer.takes_ranges else None,
                kinds=set(layer.kinds),
                owners=_OWNERS,
                freshness_policy=self._freshness() if layer.is_expected else None,
                tags={"domain": "it_asset_management", "layer": layer.tag},
                pool=self._pool(layer),
                retry_policy=layer.retries,
                hooks={close_history_on_failure},
                metadata={
                    **({} if table is None else table_metadata(table)),
                    **_code_of(step, function),
                },
            )(function)

        return decorate

    def _pool(self, layer: Layer) -> str | None:
        if layer.pool == JAMF_POOL and not self.is_alone:
            return f"{JAMF_POOL}_{self.prefix}"
        return layer.pool

    def _freshness(self) -> dg.FreshnessPolicy:
        return dg.FreshnessPolicy.time_window(
            warn_window=self.expected_every + timedelta(minutes=30),
            fail_window=self.expected_every + timedelta(hours=1),
        )


def _code_of(step: str, function: Callable[..., Any]) -> dict[str, Any]:
    """Where the code of a step is, and the SQL that does its work."""
    references = [
        dg.LocalFileCodeReference(
            file_path=function.__code__.co_filename,
            line_number=function.__code__.co_firstlineno,
            label=f"{step}, as an asset",
        ),
        *(
            dg.LocalFileCodeReference(file_path=file, label=path.rpartition("/")[2])
            for path, file in files_of(step).items()
        ),
    ]
    sql = sql_of(step)
    return {
        "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=references),
        **({"sql": dg.MetadataValue.md(sql)} if sql else {}),
    }
