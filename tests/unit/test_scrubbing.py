"""No secret passes: the known ones in every spelling, and what is shaped like one; the rest stays readable."""

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline import scrubbing
from moss_jamf_pipeline.scrubbing import MASK, remember_secret, scrubbed, scrubbed_document
from moss_jamf_pipeline.settings import Settings
from tests.support.properties import examples

# Without the mask's own character: `***` may stand in a scrubbed text.
_CHARACTERS = st.characters(codec="utf-8", exclude_characters="*")
_SECRETS = st.text(_CHARACTERS, min_size=4, max_size=40)
_TEXTS = st.text(_CHARACTERS, max_size=80)
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "-._~+/="

_SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda secret: quote(secret, safe=""),
    "in a form": quote_plus,
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in a repr": lambda secret: repr(secret)[1:-1],
}


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test lets the process remember is none of the others' business."""
    monkeypatch.setattr(scrubbing, "_remembered", set())


_quickly = settings(
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@_quickly
@given(secrets=st.lists(_SECRETS, min_size=1, max_size=4), texts=st.lists(_TEXTS, min_size=5))
@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_no_known_secret_passes_wherever_and_however_it_is_written(
    spelling: str, secrets: list[str], texts: list[str]
) -> None:
    written = [_SPELLINGS[spelling](secret) for secret in secrets]
    for secret in secrets:
        remember_secret(secret)
    message = "".join(text + (written[place % len(written)]) for place, text in enumerate(texts))

    clean = scrubbed(message)

    assert [text for text in written if text in clean] == []
    assert scrubbed(clean) == clean


@_quickly
@given(before=_TEXTS, after=_TEXTS)
def test_a_message_without_secrets_in_it_is_left_alone(before: str, after: str) -> None:
    remember_secret("hush-hush-1")
    words = "".join(c for c in before + after if c.isalpha() or c == " ")
    assert scrubbed(words) == words


@_quickly
@given(token=st.text(_TOKEN_CHARACTERS, min_size=20, max_size=400))
@pytest.mark.parametrize(
    "scheme", ["Bearer", "bearer", "Authorization: Basic", "authorization=Bearer"]
)
def test_no_token_passes_behind_the_name_of_its_scheme(scheme: str, token: str) -> None:
    assert token not in scrubbed(f"It sent «{scheme} {token}» and so on.")


@_quickly
@given(
    value=st.text(string.ascii_letters + string.digits + "!#$%()+,-./:;<=>?@[]^_{|}~", min_size=4)
)
@pytest.mark.parametrize(
    "form",
    [
        "host=db password={} dbname=moss",
        "password='{}'",
        "grant_type=client_credentials&client_id=7f&client_secret={}&more=1",
        '{{"client_secret": "{}"}}',
        "{{'password': '{}'}}",
        '"{{\\"password\\": \\"{}\\"}}"',
        "ENCRYPTION_KEY={}",
        "api-key = {}",
        "https://jamf.example.org/api?access_token={}",
        "postgresql://moss:{}@db.example.org:5432/moss",
        "password: {}",
    ],
)
def test_no_value_passes_under_the_name_of_a_secret(form: str, value: str) -> None:
    # Whatever the frame itself spells is no leak.
    hidden = f"Zq{value}qZ"
    assert hidden not in scrubbed(form.format(hidden))


@pytest.mark.parametrize(
    "sentence",
    [
        "JAMF gives no token: HTTP 401. Check client id and client secret.",
        'FATAL: password authentication failed for user "moss"',
        'The account lacks the privilege "Read Computers" for basic authentication.',
        "Set JAMF_CLIENT_ID and JAMF_CLIENT_SECRET of an API client (or JAMF_USERNAME and JAMF_PASSWORD).",
        "JAMF Pro at https://jamf.example.org:8443 cannot be reached: timed out.",
        "The M.O.S.S. database at postgresql://moss@db.example.org/moss cannot be used.",
        "1 of 4 devices could not be used or written.",
    ],
)
def test_what_an_operator_has_to_read_stays_readable(sentence: str) -> None:
    remember_secret("hush-hush-1")
    assert scrubbed(sentence) == sentence


def test_the_secrets_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "MOSS_DATABASE_URL", "postgresql://moss:p%40ss-db@localhost/moss?sslpassword=of-the-key"
    )
    monkeypatch.setenv("DAGSTER_PG_URL", "postgresql://dagster:pass-of-dagster@localhost/dagster")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "of the client")
    monkeypatch.setenv("JAMF_PASSWORD", "of-the-user")
    monkeypatch.setenv("ENCRYPTION_KEY", "a2V5IG9mIHRoZSB3ZWI=")
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", "00ff" * 16)
    text = (
        "p%40ss-db p@ss-db of-the-key pass-of-dagster of%20the%20client of+the+client of-the-user "
        f"a2V5IG9mIHRoZSB3ZWI= {'00ff' * 16} JAMF"
    )
    assert scrubbed(text) == f"{' '.join([MASK] * 9)} JAMF"


def test_a_very_short_secret_does_not_make_messages_unreadable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JAMF_PASSWORD", "a")
    assert scrubbed("JAMF has a password: 'a'") == f"JAMF has {MASK} password: {MASK}"


def test_settings_that_cannot_be_read_do_not_keep_a_message_from_being_scrubbed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"JAMF_PASSWORD=\xff")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(ValueError, match="codec"):
        Settings()
    assert scrubbed("password=hush") == f"password={MASK}"


@pytest.mark.parametrize(
    ("document", "clean"),
    [
        ({"client_secret": "x", "status": 401}, {"client_secret": MASK, "status": 401}),
        ({"step": "moss_devices", "done": True, "left": None}, {"step": "moss_devices", "done": True, "left": None}),
        ({"tried": [("hush-hush-1", 2), {"url": "http://u:p@h/"}]}, {"tried": [[MASK, 2], {"url": f"http://u:{MASK}@h/"}]}),
        ({"hush-hush-1": 1.5}, {MASK: 1.5}),
        ({"ratio": float("nan"), "error": ValueError("token=abc")}, {"ratio": "nan", "error": f"token={MASK}"}),
    ],
)  # fmt: skip
def test_documents_are_scrubbed_to_their_leaves_and_fit_for_json(
    document: dict[str, Any], clean: dict[str, Any]
) -> None:
    remember_secret("hush-hush-1")
    assert scrubbed_document(document) == clean
    json.dumps(scrubbed_document(document), allow_nan=False)
