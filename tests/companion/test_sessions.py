"""Whose session a cookie of M.O.S.S. is: what Auth.js makes is read, and nothing else is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.companion.identity.sessions import (
    COOKIE_NAMES,
    SecretUnfit,
    SessionReader,
)
from tests.support.auth_js import SECRET, session_token

_COOKIE = COOKIE_NAMES[0]
_NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
_USER = UUID("0b8b7f5e-4c55-4b8c-9d3e-0d2f3a1c7e11")
_CLAIMS = {
    "id": str(_USER),
    "role": "super_admin",
    "iat": (_NOW - timedelta(days=1)).timestamp(),
    "exp": (_NOW + timedelta(days=29)).timestamp(),
    "jti": "5f0f6c1e",
}


@pytest.fixture(scope="module")
def reader() -> SessionReader:
    return SessionReader(SECRET)


@pytest.mark.parametrize("cookie", COOKIE_NAMES)
def test_a_session_is_read_whatever_auth_js_calls_its_cookie(
    reader: SessionReader, cookie: str
) -> None:
    session = reader.read({"other": "x", cookie: session_token(_CLAIMS, cookie=cookie)}, _NOW)
    assert session is not None
    assert session.user_id == _USER
    assert session.token_id == "5f0f6c1e"
    assert session.expires_at == _NOW + timedelta(days=29)


def test_a_cookie_in_pieces_is_joined_by_number_and_not_by_name(reader: SessionReader) -> None:
    token = session_token({**_CLAIMS, "name": "x" * 1_500})
    size = len(token) // 11
    pieces = [token[start : start + size] for start in range(0, len(token), size)]
    assert len(pieces) > 10  # .10 comes before .2 by name
    cookies = {f"{_COOKIE}.{number}": piece for number, piece in reversed([*enumerate(pieces)])}
    assert reader.read(cookies, _NOW) is not None
    cookies.pop(f"{_COOKIE}.3")
    assert reader.read(cookies, _NOW) is None


def _changed(**claims: Any) -> Callable[[], str]:
    return lambda: session_token({**_CLAIMS, **claims})


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(_changed(exp=(_NOW - timedelta(minutes=1)).timestamp()), id="expired"),
        pytest.param(_changed(iat=(_NOW + timedelta(hours=1)).timestamp()), id="of the future"),
        pytest.param(_changed(exp=None), id="without an end"),
        pytest.param(_changed(exp=10**30), id="an end out of all times"),
        pytest.param(_changed(exp=True), id="an end that is no number"),
        pytest.param(_changed(id="1"), id="an id that is none"),
        pytest.param(_changed(id=None), id="without an id"),
        pytest.param(lambda: session_token(["a", "list"]), id="no claims"),
        pytest.param(lambda: session_token(_CLAIMS, secret=SECRET[::-1]), id="another secret"),
        pytest.param(lambda: session_token(_CLAIMS, cookie=COOKIE_NAMES[1]), id="another cookie's"),
        pytest.param(
            lambda: session_token(
                _CLAIMS, header={"alg": "dir", "enc": "A256CBC-HS512", "zip": "DEF"}
            ),
            id="compressed",
        ),
        pytest.param(lambda: session_token(_CLAIMS, header={"alg": "none"}), id="alg none"),
        pytest.param(lambda: session_token(_CLAIMS)[:-2] + "AA", id="a forged tag"),
        pytest.param(lambda: "a" * 70_000, id="endless"),
        pytest.param(lambda: "", id="empty"),
    ],
)
def test_what_is_no_session_of_m_o_s_s_is_none(
    reader: SessionReader, token: Callable[[], str]
) -> None:
    assert reader.read({_COOKIE: token()}, _NOW) is None


@given(st.dictionaries(st.sampled_from((_COOKIE, f"{_COOKIE}.0", f"{_COOKIE}.x")), st.text()))
def test_no_cookie_is_an_error(cookies: dict[str, str]) -> None:
    assert SessionReader(SECRET).read(cookies, _NOW) is None


@pytest.mark.parametrize(
    "secret",
    ["development-secret-change-in-production", "short", "a" * 64, "", "abababab" * 8],
)
def test_a_secret_that_is_known_or_can_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(SecretUnfit) as refused:
        SessionReader(secret)
    assert "NEXTAUTH_SECRET" in str(refused.value)
    assert not secret or secret not in str(refused.value)
