"""The page of Dagster's assets, checks, jobs and sensors."""

import dagster as dg

from documentation.markdown import first_sentences, plain, table
from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.settings import IntegrationChoice

_HEAD = """\
# Assets, checks, jobs

Those of one integration without a name of its own; of others the first part of each key is their slug
([several JAMF servers](../several-servers.md)).
"""


def assets_page() -> str:
    """The page, complete."""
    definitions = build_definitions([IntegrationChoice()])
    graph = definitions.resolve_asset_graph()
    groups: dict[str, list[tuple[str, str, str, str]]] = {}
    for key in graph.toposorted_asset_keys:
        node = graph.get(key)
        groups.setdefault(node.group_name or "", []).append(
            (
                f"`{key.path[-1]}`",
                plain(first_sentences(node.description)),
                ", ".join(f"`{parent.path[-1]}`" for parent in sorted(node.parent_keys)),
                "by slot" if node.is_partitioned else "",
            )
        )
    parts = [_HEAD]
    for group, rows in groups.items():
        parts.append(
            f"## Group `{group}`\n\n" + table(("Asset", "What it is", "From", "Partitioned"), rows)
        )
    parts.append(
        "## Checks\n\n"
        + table(("Check", "Of", "What passes it", "Stops what follows"), _checks(definitions))
    )
    jobs = [
        (f"`{job.name}`", plain(job.description or ""))
        for job in definitions.resolve_all_job_defs()
        if not job.name.startswith("__")
    ]
    parts.append("## Jobs\n\n" + table(("Job", "Does"), jobs))
    automation = [
        (f"`{one.name}`", plain(one.description or ""))
        for one in (*(definitions.schedules or ()), *(definitions.sensors or ()))
    ]
    parts.append("## Schedules and sensors\n\n" + table(("Name", "Does"), automation))
    return "\n".join(parts)


def _checks(definitions: dg.Definitions) -> list[tuple[str, str, str, str]]:
    """One row for each check, however many assets have it in the same words."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for check in definitions.asset_checks or ():
        for spec in check.check_specs if isinstance(check, dg.AssetChecksDefinition) else ():
            key = (spec.name, spec.description or "", spec.blocking)
            found.setdefault(key, []).append(f"`{spec.asset_key.path[-1]}`")
    return [
        (
            f"`{name}`",
            ", ".join(assets),
            plain(first_sentences(description)),
            "yes" if blocks else "",
        )
        for (name, description, blocks), assets in found.items()
    ]
