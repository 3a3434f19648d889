"""The page of the companion's API, from its OpenAPI description."""

from typing import Any, cast

from documentation.markdown import first_sentences, plain, table
from moss_jamf_pipeline.companion.application import API, build_application
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.services.workplace import Workplace

_HEAD = f"""\
# The API

Served by [the companion](../companion.md), described for programs at `{API}/openapi.json`. Errors are problem
documents (RFC 9457): `detail` says what happened, `remedy` what to do. Who may call what is under
[Who may](../companion.md#who-may).

"""


def api_page() -> str:
    """The page, complete."""
    # Nothing is asked of what an application is built around while it describes itself.
    surroundings = Surroundings(workplace=cast("Workplace", None), starter=cast("Any", None))
    described = build_application(surroundings).openapi()
    overview, details = [], []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            overview.append((f"`{name}`", plain(operation.get("summary", ""))))
            details.append(_section(name, operation))
    return "\n".join([_HEAD + table(("Request", "Does"), overview), *details])


def _section(name: str, operation: dict[str, Any]) -> str:
    said = first_sentences(operation.get("description")) or operation.get("summary", "")
    parts = [f"## `{name}`\n\n{plain(said)}\n"]
    parameters = [
        (
            f"`{one['name']}`",
            one["in"],
            plain(one.get("description", "")),
            "yes" if one.get("required") else "",
        )
        for one in operation.get("parameters", ())
    ]
    if parameters:
        parts.append(table(("Parameter", "In", "Meaning", "Required"), parameters))
    answers = [
        (f"`{code}`", plain(answer["description"]))
        for code, answer in operation["responses"].items()
    ]
    parts.append(table(("Answer", "When"), answers))
    return "\n".join(parts)
