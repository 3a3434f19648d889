"""The raw part of the sync's work done with dlt: computers, users and groups of JAMF into PostgreSQL, merged by id.

A script for an environment that has dlt (see `against_dlt`), not a module of the project. It loads once and prints one
JSON document with the seconds from `pipeline.run` to its end. It does what the assets `raw_jamf_computers`,
`raw_jamf_users` and `raw_jamf_groups` do, and keeps all fields that JAMF answers; it knows nothing of matching, plans
or M.O.S.S.

Both variants ask for the sections and the page size that the sync asks for.

- `documented`: as dlt's own documentation builds a REST source: `RESTClient` and `PageNumberPaginator`, one page after
  the other, default settings (nested lists become child tables, INSERT statements, merge by delete and insert).
- `tuned`: the best that we know. Five pages at a time, parsed with orjson; each section kept as a JSON column and no
  child tables, so that nothing is flattened; CSV files loaded by COPY; merge by `upsert`, which deletes nothing; as
  many processes that normalise as there are cores. In trials with 10,000 computers delete-insert, flattened sections,
  one process, and files of other sizes were no faster.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import dlt
import orjson
from dlt.common.runtime import run_context
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

_SECTIONS: Final = (
    *("GENERAL", "HARDWARE", "OPERATING_SYSTEM", "USER_AND_LOCATION", "GROUP_MEMBERSHIPS"),
)
_SECTION_COLUMNS: Final = (
    *("general", "hardware", "operatingSystem", "userAndLocation", "groupMemberships"),
)
_PAGED: Final = {"computers": "/api/v4/computers-inventory", "users": "/api/v1/users"}
_GROUPS: Final = "/api/v1/computer-groups"  # one array, never paged
# Some names of the fleet have it; in a JSON column it would end the whole load.
_NUL: Final = rb"\u0000"
_PAGE_SIZE: Final = 500
_ROWS_PER_FILE: Final = 5_000

Page = list[dict[str, Any]]


def main() -> None:
    """Loads once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", choices=["documented", "tuned"])
    variant = parser.parse_args().variant
    # Root's would be /var/dlt, whatever the environment says.
    run_context.active()._global_dir = os.environ["DLT_DATA_DIR"]
    client = RESTClient(
        base_url=os.environ["JAMF_BASE_URL"],
        auth=OAuth2ClientCredentials(
            access_token_url=f"{os.environ['JAMF_BASE_URL']}/api/v1/oauth/token",
            client_id=os.environ["JAMF_CLIENT_ID"],
            client_secret=os.environ["JAMF_CLIENT_SECRET"],
        ),
    )
    pipeline = dlt.pipeline(
        pipeline_name=f"jamf_{variant}",
        destination=dlt.destinations.postgres(os.environ["DATABASE_URL"]),
        dataset_name=variant,
    )
    resources = _tuned(client) if variant == "tuned" else _documented(client)
    began = time.perf_counter()
    pipeline.run(resources, loader_file_format="csv" if variant == "tuned" else None)
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


def _documented(client: Any) -> list[Any]:
    options = {"write_disposition": "merge", "primary_key": "id"}
    return [
        *(
            dlt.resource(_pages(client, path), name=name, **options)
            for name, path in _PAGED.items()
        ),
        dlt.resource(_groups(client), name="groups", **options),
    ]


def _pages(client: Any, path: str) -> Iterator[Page]:
    """One page after the other, until one is empty."""
    paginator = PageNumberPaginator(base_page=0, total_path=None)
    yield from client.paginate(
        path, params=_parameters(path), paginator=paginator, data_selector="results"
    )


def _tuned(client: Any) -> list[Any]:
    dlt.config["normalize.workers"] = os.cpu_count() or 1
    # Only several files can be normalised, and loaded, by several workers.
    dlt.config["sources.data_writer.file_max_items"] = _ROWS_PER_FILE
    options = {
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
        "primary_key": "id",
        "max_table_nesting": 0,
    }
    sections = {name: {"data_type": "json"} for name in _SECTION_COLUMNS}
    resources = [dlt.resource(_groups(client), name="groups", **options)]
    for name, path in _PAGED.items():
        numbers = dlt.resource(_page_numbers(client, path), name=f"{name}_pages")
        columns = sections if name == "computers" else None
        pages = dlt.transformer(
            _page_reader(client, path),
            name=name,
            columns=columns,
            parallelized=True,
            **options,
        )
        resources.append(numbers | pages)
    return resources


def _page_numbers(client: Any, path: str) -> Iterator[int]:
    answer = client.get(path, params={"page": 0, "page-size": 1})
    answer.raise_for_status()
    yield from range(math.ceil(answer.json()["totalCount"] / _PAGE_SIZE))


def _page_reader(client: Any, path: str) -> Callable[[int], Page]:
    def read_page(number: int) -> Page:
        answer = client.get(path, params={**_parameters(path), "page": number})
        answer.raise_for_status()
        page: Page = orjson.loads(answer.content.replace(_NUL, b""))["results"]
        return page

    return read_page


def _groups(client: Any) -> Iterator[Page]:
    answer = client.get(_GROUPS)
    answer.raise_for_status()
    yield answer.json()


def _parameters(path: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"page-size": _PAGE_SIZE, "sort": "id:asc"}
    return parameters | ({"section": list(_SECTIONS)} if path == _PAGED["computers"] else {})


if __name__ == "__main__":
    main()
