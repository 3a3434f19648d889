"""The service keeps its own description: whatever fits it is answered as it says, and whatever does not is refused."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from moss_jamf_pipeline.companion.identity.failures import FailedLogIns
from moss_jamf_pipeline.companion.identity.sessions import SessionReader
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import API, Moss, Starter, served
from tests.db.support import Bench
from tests.support.auth_js import SECRET
from tests.support.properties import is_nightly

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
]
# Asking another server takes as long as that one likes; tests/companion/test_configuration.py does it.
_ELSEWHERE = "/test-connection"
_EXAMPLES = 200 if is_nightly() else 3


@pytest.fixture
def patient(moss: Moss, starter: Starter) -> Iterator[str]:
    """A service that never has anybody wait who failed often: a minute passes between any two failures."""
    clock = itertools.count(step=61)
    failures = FailedLogIns(lambda: float(next(clock)))
    with (
        Workplace(Settings(moss_database_url=SecretStr(moss.url))) as workplace,
        served(Surroundings(workplace, starter, SessionReader(SECRET), failures)) as url,
    ):
        yield url


def test_every_endpoint_is_as_it_is_described(
    patient: str, moss: Moss, starter: Starter, bench: Bench
) -> None:
    bench.linked_device("1", serial_number="SERIAL1", hostname="old", asset_tag="A-1")
    bench.computer("1", hostname="new", asset_tag="B-1")
    bench.apply(bench.plan())
    headers = {"Authorization": f"Bearer {moss.token('super_admin', ['admin'])}"}
    schema = schemathesis.openapi.from_url(f"{patient}{API}/openapi.json")

    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.path.endswith(_ELSEWHERE):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
            )
            def keeps_to_it(case: schemathesis.Case[Any]) -> None:
                starter.orders.clear()
                response = case.call(headers=headers)
                case.validate_response(response, checks=_CHECKS, headers=headers)

            if mode is GenerationMode.POSITIVE:
                keeps_to_it()
            else:
                # Where nothing can be given, nothing can be given wrongly.
                with suppress(Unsatisfiable):
                    keeps_to_it()
        tried += 1
    assert tried > 20
