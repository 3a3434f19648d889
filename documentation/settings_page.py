"""The page of every environment variable."""

from pydantic_core import PydanticUndefined

from documentation.markdown import plain, table
from moss_jamf_pipeline.settings import Settings

_HEAD = """\
# Every setting

Read from the environment and from `.env` in the working directory. What is saved with the integration in M.O.S.S. is
[another page](../configuration.md). Secrets are read when a run needs them; they are in no Dagster definition, log,
event, plan or history row ([how](../security.md#secrets)).

**Secrets as files.** Whatever of these is set neither in the environment nor in `.env` may stand in a file of that name
in the directory that `MOSS_JAMF_SECRETS_DIR` names (`/run/secrets/MOSS_DATABASE_URL`): secrets of Compose and of
Kubernetes, credentials of systemd ([deploying](../deploy.md)). They are in no environment that `docker inspect` or
`/proc` shows.

"""


def settings_page() -> str:
    """The page, complete."""
    rows = []
    for name, setting in Settings.model_fields.items():
        default = setting.default
        shown = "" if default in (None, PydanticUndefined) else f"`{_as_written(default)}`"
        rows.append(
            (
                f"`{(setting.alias or name).upper()}`",
                plain(setting.description or ""),
                shown,
                "yes" if "Secret" in str(setting.annotation) else "",
            )
        )
    return _HEAD + table(("Variable", "Meaning", "Default", "Kept secret"), rows)


def _as_written(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)
