"""No secret passes: the known ones in every spelling, and what is shaped like one; the rest stays readable."""

import json
import logging
import string
import sys
import threading
import time
import traceback
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.scrubbing import (
    MASK,
    keep_secrets_out_of_logs,
    keep_secrets_out_of_tracebacks,
    known,
    remember_address,
    remember_secret,
    remember_token,
    repeats_a_secret,
    scrubbed,
    scrubbed_document,
    scrubbed_error,
)
from moss_jamf_pipeline.settings import Settings, SettingsUnusable
from tests.support.properties import examples
from tests.support.spellings import SPELLINGS

# Without the mask's own character: `***` may stand in a scrubbed text.
_CHARACTERS = st.characters(codec="utf-8", exclude_characters="*")
_SECRETS = st.text(_CHARACTERS, min_size=12, max_size=60).filter(
    lambda secret: secret == secret.strip()
)
_TEXTS = st.text(_CHARACTERS, max_size=80)
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "-._~+/="


_quickly = settings(max_examples=examples(40))


@settings(max_examples=examples(200))
@given(
    spelling=st.sampled_from(sorted(SPELLINGS)),
    secrets=st.lists(_SECRETS, min_size=1, max_size=3),
    texts=st.lists(_TEXTS, min_size=5, max_size=8),
)
@example(spelling="in a URL in a URL", secrets=["a%b c+d/e=f"], texts=[""] * 5)
def test_no_known_secret_passes_wherever_and_however_it_is_written(
    spelling: str, secrets: list[str], texts: list[str]
) -> None:
    known.forget()
    written = [SPELLINGS[spelling](secret) for secret in secrets]
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
    Settings()
    text = (
        "p%40ss-db p@ss-db of-the-key pass-of-dagster of%20the%20client of+the+client of-the-user "
        f"a2V5IG9mIHRoZSB3ZWI= {'00ff' * 16} JAMF"
    )
    assert scrubbed(text) == f"{' '.join([MASK] * 9)} JAMF"


def test_case_t15_short_secrets_are_not_cut_out_of_other_words() -> None:
    for secret in ("jamf", "moss", "a", "inventory"):
        remember_secret(secret)
    for sentence in (
        "Run moss-jamf init; see moss_jamf_pipeline, jamf.example.org, /var/lib/moss-jamf and moss.devices.",
        "The inventory-database of jamf_sync at https://jamf.example.org/jamf/api/v1/auth holds a-b.",
    ):
        assert scrubbed(sentence) == sentence
    # Where they stand alone they are secrets, in each spelling and next to whatever a form or JSON puts beside them.
    for text in (
        "jamf",
        "the word 'jamf', and jamf.",
        "client_id=x&p=jamf&y=1",
        'p%3Djamf%26 {"p":"jamf"}',
        r"p=\njamf\n",
        b64encode(b"ids:jamf").decode(),
        "(inventory)",
    ):
        assert MASK in scrubbed(text)
        assert "jamf" not in scrubbed(text)


@pytest.mark.parametrize("cut", [30, 64, 400])
def test_a_long_secret_that_was_cut_short_is_still_recognised(cut: int) -> None:
    token = "mF_9.B5f-4.1JqM" * 50
    remember_token(token)
    assert scrubbed(f"It sent {token[:cut]}… and more") == f"It sent {MASK}… and more"
    in_base64 = b64encode(f"id:{token}".encode()).decode()
    assert in_base64[10:40] not in scrubbed(in_base64[: cut + 10])


def test_of_many_tokens_the_newest_are_known() -> None:
    tokens = [f"opaque-token-number-{number:04d}" for number in range(200)]
    for token in tokens:
        remember_token(token)
    assert scrubbed(" ".join(tokens[-20:])) == " ".join([MASK] * 20)
    assert len(known.finders()) < 100


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("postgresql://moss:pw-of-a-url@db/moss", "pw-of-a-url"),
        ("http://user:PASS%57ORD@jamf.example.org", "PASSWORD"),
        ("postgresql://moss@db/moss?options=-c%20vault.password%3Dof-an-option", "of-an-option"),
        ("postgresql://db/moss?options=-c%20vault.secret_token%3Da%5C%20b-blank", "a b-blank"),
        ("postgresql://db/moss?sslpassword=of-the-key", "of-the-key"),
        ("host=db password='it''s \\'quoted' user=moss".replace("''", ""), "its 'quoted"),
        ("postgresql://moss:p@ss/with?all#of:it@db/moss", "p@ss/with?all#of:it"),
    ],
)
def test_what_an_address_holds_of_secrets_is_known(address: str, secret: str) -> None:
    remember_address(address)
    assert secret not in scrubbed(f"It said «{secret}».")
    assert scrubbed("db moss user options") == "db moss user options"


def test_the_path_of_a_webhook_is_a_secret_and_its_host_is_none() -> None:
    remember_address("https://hooks.example.com/services/T00/B00/x7Xx", path_is_secret=True)
    told = scrubbed("POST https://hooks.example.com/services/T00/B00/x7Xx: refused")
    assert told == f"POST https://hooks.example.com/{MASK}: refused"


def test_errors_lose_their_secrets_with_causes_contexts_notes_and_groups() -> None:
    remember_secret("hush-hush-1")

    secret = "-".join(["hush", "hush", "1"])

    class Unchangeable(Exception):
        def __str__(self) -> str:
            return f"it is {secret}"

    first, second, third = Unchangeable(), OSError(5, secret, f"/{secret}"), KeyError(secret)
    second.__cause__ = first
    third.__context__ = second
    third.add_note(f"tried with {secret}")
    first.__context__ = third  # a circle, as libraries make them
    group = ExceptionGroup(secret, [third, ValueError("x")])

    told = "".join(traceback.format_exception(scrubbed_error(group)))

    assert secret not in told
    assert "Unchangeable: it is ***" in told
    assert "OSError: [Errno 5] ***" in told
    assert "tried with ***" in told
    assert "ValueError: x" in told


def test_an_error_without_secrets_stays_itself() -> None:
    remember_secret("hush-hush-1")
    error = ValueError("nothing", 1)
    error.__cause__ = error.__context__ = KeyError("k")
    assert scrubbed_error(error) is error
    assert error.args == ("nothing", 1)
    assert isinstance(error.__cause__, KeyError)


def test_what_is_logged_has_no_secret_with_its_arguments_and_its_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    remember_secret("hush-hush-1")
    before = logging.getLogRecordFactory()
    keep_secrets_out_of_logs()
    keep_secrets_out_of_logs()
    error = ValueError("it was hush-hush-1")
    try:
        logging.getLogger("anybody").error("tried %s", {"with": "hush-hush-1"}, exc_info=error)
        logging.getLogger("anybody").warning("%d of %d", 1, 2)
    finally:
        logging.setLogRecordFactory(before)
    assert f"it was {MASK}" in caplog.text
    assert "hush-hush-1" not in caplog.text
    assert "1 of 2" in caplog.messages


def test_what_python_prints_of_an_uncaught_error_has_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    remember_secret("hush-hush-1")
    keep_secrets_out_of_tracebacks()
    secret = "-".join(["hush", "hush", "1"])
    error = ValueError(f"main {secret}")
    sys.excepthook(ValueError, error, None)

    def fail() -> None:
        raise ValueError(f"thread {secret}")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    shown = capsys.readouterr().err
    assert f"main {MASK}" in shown
    assert f"thread {MASK}" in shown
    assert secret not in shown


@pytest.mark.parametrize("spelling", ["plain", "in JSON", "in base64 behind an id"])
def test_a_record_that_repeats_a_secret_is_recognised(spelling: str) -> None:
    remember_secret('k7"Qz/ü-long')
    remember_secret("Berlin")
    value = SPELLINGS[spelling]('k7"Qz/ü-long')
    assert repeats_a_secret(json.dumps({"name": f"Mac {value}!"}, ensure_ascii=False).encode())
    # A word of six letters is a building, too.
    assert not repeats_a_secret(b'{"name":"Berlin","room":"k7"}')


@pytest.mark.parametrize(
    "text",
    [
        "a://x:" * 5_000,
        "password='" * 3_000,
        "basic " * 5_000,
        "eyJ" * 10_000,
        "%25" * 9_000,
        "&amp;" * 6_000,
        "\\" * 20_000,
    ],
    ids=lambda text: text[:6],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    remember_secret('%&"\\ %25&amp;')
    began = time.process_time()
    scrubbed(text)
    assert time.process_time() - began < 2  # hundreds of seconds, if each letter led to the end


def test_settings_that_cannot_be_read_do_not_keep_a_message_from_being_scrubbed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"JAMF_PASSWORD=\xff")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(SettingsUnusable, match="UTF-8"):
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
