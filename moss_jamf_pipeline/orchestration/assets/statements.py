"""Which SQL is the work of which asset: shown with it in the UI, so that nobody has to look for the file.

Only the statements that do the step's work, not those that look something up. A test holds that a sync runs them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.catalogue.object_types import MATCH_TABLES
from moss_jamf_pipeline.engine.scopes import raw_step, snapshot_step
from moss_jamf_pipeline.settings import project_file

_OF_CAPTURES: Final = (
    "capture/close_changed_versions",
    "capture/insert_new_versions",
    "capture/close_removed_versions",
)

STATEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{raw_step(collection): _OF_CAPTURES for collection in COLLECTION_NAMES},
    **{
        snapshot_step(collection): ("staging/versions_to_stage",) for collection in COLLECTION_NAMES
    },
    **{table: (f"matching/{table}",) for table in MATCH_TABLES},
    "change_plan": (
        "plan/compare_devices",
        "plan/compare_people",
        "plan/compare_groups",
        "plan/compare_ios",
        "plan/plan_field_changes",
        "plan/plan_creations",
        "plan/plan_mappings",
    ),
    "guarded_plan": (
        "guard/count_guarded_changes",
        "guard/hold_whole_rows",
        "guard/hold_device_fields",
        "guard/hold_dependants",
    ),
    "conflicts": ("conflicts/conflicts",),
    "plan_validation": ("plan/trial_problems", "plan/store_plan_problems"),
    "moss_locations": ("generated/{dialect}/apply/create_locations",),
    "moss_rooms": ("generated/{dialect}/apply/create_rooms",),
    "moss_people": (
        "generated/{dialect}/apply/create_people",
        "generated/{dialect}/apply/overwrite_people",
        "apply/fill_people",
    ),
    "moss_devices": (
        "generated/{dialect}/apply/create_devices",
        "generated/{dialect}/apply/overwrite_devices",
        "apply/fill_devices",
    ),
    "moss_ios": ("generated/{dialect}/apply/create_ios", "apply/overwrite_ios"),
    "moss_groups": (
        "generated/{dialect}/apply/create_groups",
        "generated/{dialect}/apply/overwrite_groups",
    ),
    "moss_group_members": ("apply/add_group_members", "apply/remove_group_members"),
    "moss_mappings": ("apply/update_mappings", "apply/refresh_sync_status"),
    "moss_sync_history": ("history/close_history",),
}
"""Step -> its statements below `sql/`; those that differ by the dialect of M.O.S.S. with a place for its name."""

_SHOWN_DIALECT: Final = "release"


def files_of(step: str) -> Mapping[str, str]:
    """The files of a step's statements: path below the project's top level, to where it lies."""
    names = (name.format(dialect=_SHOWN_DIALECT) for name in STATEMENTS.get(step, ()))
    return {f"sql/{name}.sql": str(project_file(f"sql/{name}.sql")) for name in names}


@cache
def sql_of(step: str) -> str:
    """The text of a step's statements as Markdown; empty if it has none."""
    parts = []
    for path, file in files_of(step).items():
        with open(file, encoding="utf-8") as text:  # noqa: PTH123 - a path as text
            parts.append(f"**{path}**\n\n```sql\n{text.read().strip()}\n```")
    return "\n\n".join(parts)
