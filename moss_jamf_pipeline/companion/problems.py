"""What went wrong, as a caller of the API reads it: problem details (RFC 9457) with the operator's own sentences.

`detail` says what happened and `remedy` what to do; `type` names the kind of problem and never changes with the words.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import psycopg
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from moss_jamf_pipeline.engine.databases import DatabaseUnreachableError
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.jamf import JamfError
from moss_jamf_pipeline.moss import errors as moss
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.configuration import ConfigurationInvalid
from moss_jamf_pipeline.services.explanations import ProblemFound, explanation_of
from moss_jamf_pipeline.services.live import DeviceUnknown
from moss_jamf_pipeline.services.requested_runs import (
    AnotherRunAtWork,
    DagsterNotAsked,
    IdempotencyKeyReused,
)
from moss_jamf_pipeline.services.story_finding import ObjectUnclear, ObjectUnknown
from moss_jamf_pipeline.settings import IntegrationUnknown, SettingsContradictory

MEDIA_TYPE: Final = "application/problem+json"
_TYPES: Final = "urn:moss-jamf:problem:"

_STATUSES: Final[tuple[tuple[type[Exception], HTTPStatus], ...]] = (
    (moss.IntegrationMissing, HTTPStatus.NOT_FOUND),
    (moss.NothingCaptured, HTTPStatus.NOT_FOUND),
    (moss.MossNotPrepared, HTTPStatus.SERVICE_UNAVAILABLE),
    (moss.MossUnreachable, HTTPStatus.SERVICE_UNAVAILABLE),
    (moss.DatabaseReadOnly, HTTPStatus.SERVICE_UNAVAILABLE),
    (moss.DatabaseUnsuitable, HTTPStatus.SERVICE_UNAVAILABLE),
    (moss.MossError, HTTPStatus.CONFLICT),
    (DatabaseUnreachableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (IntegrationUnknown, HTTPStatus.NOT_FOUND),
    (SettingsContradictory, HTTPStatus.CONFLICT),
    (DagsterNotAsked, HTTPStatus.SERVICE_UNAVAILABLE),
    (ConfigurationInvalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (IdempotencyKeyReused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (JamfError, HTTPStatus.BAD_GATEWAY),
    (DeviceUnknown, HTTPStatus.NOT_FOUND),
    (ObjectUnknown, HTTPStatus.NOT_FOUND),
    (ProblemFound, HTTPStatus.CONFLICT),
)
"""What each kind of explained error is to a caller; the first that fits counts. All others are 503."""


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:moss-jamf:problem:another-run-at-work"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(description="What happened, as a sentence.")
    remedy: str = Field(description="What to do; may be empty.")
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="As the log has it.")


class Refused(Exception):
    """A request is not answered as it was made.

    Args:
        status: the answer's.
        kind: of problem: small letters and hyphens.
        message: what is wrong, as a sentence.
        remedy: what the caller can do.
        headers: what else the answer has to carry.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        message: str,
        remedy: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.problem = Problem(status, kind, message, remedy)
        self.headers = headers or {}
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in its parts; see `Refused`."""

    status: HTTPStatus
    kind: str
    message: str
    remedy: str = ""

    def response(
        self, request: Request, headers: dict[str, str] | None = None, **more: Any
    ) -> Response:
        """The answer to a request; `more` becomes members of the document."""
        document = {
            "type": f"{_TYPES}{self.kind}",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": scrubbed(self.message),
            "remedy": scrubbed(self.remedy),
            "instance": request.url.path,
            "request_id": request.state.request_id,
            **more,
        }
        return JSONResponse(document, int(self.status), headers, MEDIA_TYPE)


_INVALID: Final = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid-request",
    "The request is not as the API describes it.",
    "See `errors`; the description is at /api/integrations/jamf/openapi.json.",
)


_UNREADABLE: Final = Problem(
    HTTPStatus.BAD_REQUEST,
    "unreadable-request",
    "The body of the request cannot be read as what its Content-Type says.",
    "Send JSON as application/json, as the description at /api/integrations/jamf/openapi.json has it.",
)


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error is, if it was written for an operator; None for a defect of ours."""
    explanation = explanation_of(error)
    if explanation is None:
        return None
    status = next(
        (status for kind, status in _STATUSES if isinstance(error, kind)),
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    return Problem(
        status, _hyphenated(type(error).__name__), explanation.message, explanation.remedy
    )


def problem_in(error: Exception) -> tuple[Problem, dict[str, str]] | None:
    """What an error says to whoever asked, with the headers of the answer; None for a defect of ours."""
    match error:
        case Refused():
            return error.problem, error.headers
        case RequestValidationError():
            return _INVALID, {}
        case HTTPException(status_code=HTTPStatus.BAD_REQUEST):
            return _UNREADABLE, dict(error.headers or {})
        case HTTPException():
            status = HTTPStatus(error.status_code)
            problem = Problem(status, _hyphenated(status.name), str(error.detail))
            return problem, dict(error.headers or {})
        case _:
            found = problem_of(error)
            return None if found is None else (found, {})


def fault_of_ours(error: Exception) -> Problem:
    """What is said of an error that nobody foresaw; the server logs it with its trace."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "unforeseen",
        f"The companion failed at this ({type(error).__name__}); that is a fault of ours.",
        "The log of `moss-jamf serve` has more under this request_id. Please report it.",
    )


def answer_problems(application: FastAPI) -> None:
    """Has an application answer every error that was foreseen with a problem."""

    def answered(request: Request, error: Exception) -> Response:
        problem, headers = cast("tuple[Problem, dict[str, str]]", problem_in(error))
        return problem.response(request, headers, **_members(error))

    explained = (*EXPLAINED, ProblemFound, psycopg.Error)
    for kind in (Refused, RequestValidationError, HTTPException, *explained):
        application.add_exception_handler(kind, answered)


def _members(error: Exception) -> dict[str, Any]:
    """What the document of an error has besides what all have."""
    match error:
        case AnotherRunAtWork():
            return {"run_id": error.run_id}
        case ConfigurationInvalid():
            return {"where": error.where}
        case ObjectUnclear():
            return {"candidates": jsonable_encoder(error.candidates)}
        case RequestValidationError():
            return {
                "errors": [
                    {"where": ".".join(map(str, each["loc"])), "what": each["msg"]}
                    for each in error.errors()
                ]
            }
        case _:
            return {}


def _hyphenated(name: str) -> str:
    """`IntegrationMissing` and `NOT_FOUND` as a kind of problem has them: `integration-missing`, `not-found`."""
    if name.isupper():
        return name.lower().replace("_", "-")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Error")).lower()
