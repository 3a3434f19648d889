"""What all pages have in common: signing in, forms, errors that are pages, and the files beside them."""

import hashlib
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from hatchling.builders.wheel import WheelBuilder
from pydantic import SecretStr

from moss_jamf_pipeline.companion import static_files
from moss_jamf_pipeline.companion.identity.callers import OWN_COOKIE
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import Companion

STATIC = Path(static_files.__file__).parent / "static"


@pytest.fixture
def own_token(companion: Companion) -> str:
    """The companion's own administrator token."""
    with Workplace(Settings(moss_database_url=SecretStr(companion.moss.url))) as workplace:
        return callers.new_token(workplace, "tests")


class _Inert(HTMLParser):
    """Fails for a page that would do something by itself, or look like something that the policy forbids."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag not in {"style", "iframe", "object", "base"}
        assert not [name for name in given if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action"):
            address = given.get(name) or "/"
            of_moss = ("/auth/", "/devices/", "/people/", "/groups/")
            assert address == "/" or address.startswith(
                ("/jamf/", "/api/", "#", "http://127.0.0.1:3000/", *of_moss)
            ), address
        assert tag != "script" or str(given["src"]).startswith("/jamf/static/")


def page_of(response: httpx.Response, status: int = 200) -> str:
    """The page that an answer is: nothing in it but what the policy lets a browser run."""
    assert response.status_code == status, response.text[:300]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    text = response.text
    _Inert().feed(text)
    assert "None" not in re.sub(r"<[^>]*>", "", text)
    return text


def field(page: str, name: str) -> str:
    """What a form's hidden field holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


def test_who_is_signed_in_to_moss_is_not_asked_again(companion: Companion) -> None:
    page = page_of(companion.signed_in("user").get("/jamf/"))
    assert "user@example.com" in page
    assert "Sign out" not in page


def test_nobody_gets_the_page_to_sign_in_on_and_comes_back_to_the_page_meant(
    companion: Companion, own_token: str
) -> None:
    browser = companion.client(**{"Sec-Fetch-Site": "same-origin"})
    page = page_of(browser.get("/jamf/?integration=JAMF+Pro"), 401)
    assert '/auth/signin?callbackUrl=%2Fjamf%2F%3Fintegration%3DJAMF%2BPro"' in page
    wanted = field(page, "wanted")
    assert wanted == "/jamf/?integration=JAMF+Pro"

    wrong = browser.post("/jamf/sign-in", data={"token": "jamfadmin_wrong", "wanted": wanted})
    assert "not the companion" in page_of(wrong, 401)
    assert field(wrong.text, "wanted") == wanted

    right = browser.post("/jamf/sign-in", data={"token": f" {own_token}\n", "wanted": wanted})
    assert (right.status_code, right.headers["location"]) == (303, wanted)
    cookie = right.headers["set-cookie"]
    assert cookie.startswith(f"{OWN_COOKIE}={own_token};")
    assert {"HttpOnly", "SameSite=strict"} <= {each.strip() for each in cookie.split(";")}
    assert "Secure" not in cookie

    inside = page_of(browser.get("/jamf/"))
    assert callers.ADMINISTRATOR in inside.replace("&#39;", "'")
    token = field(inside, "csrf_token")
    assert page_of(browser.post("/jamf/sign-out", data={"csrf_token": "x" + token[1:]}), 403)
    out = browser.post("/jamf/sign-out", data={"csrf_token": token})
    assert (out.status_code, out.headers["location"]) == (303, "/jamf/sign-in")
    assert page_of(browser.get("/jamf/"), 401)


def test_under_https_the_cookie_goes_nowhere_else(companion: Companion, own_token: str) -> None:
    browser = companion.client(**{"Sec-Fetch-Site": "same-origin", "X-Forwarded-Proto": "https"})
    answer = browser.post("/jamf/sign-in", data={"token": own_token})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/jamf/\\evil", "/elsewhere", "/jamf"]
)
def test_signing_in_leads_to_no_other_site(
    companion: Companion, own_token: str, wanted: str
) -> None:
    browser = companion.client(**{"Sec-Fetch-Site": "same-origin"})
    answer = browser.post("/jamf/sign-in", data={"token": own_token, "wanted": wanted})
    assert answer.headers["location"] == "/jamf/"
    assert (
        'name="wanted" value="/jamf/"' in browser.get("/jamf/sign-in", params={"next": wanted}).text
    )


def test_another_site_signs_nobody_in_and_who_guesses_has_to_wait(
    companion: Companion, own_token: str
) -> None:
    elsewhere = companion.client(**{"Sec-Fetch-Site": "cross-site"})
    refused = elsewhere.post("/jamf/sign-in", data={"token": own_token})
    assert "another site" in page_of(refused, 403)
    assert "set-cookie" not in refused.headers
    assert "by a link of another site" in page_of(elsewhere.get("/jamf/"), 401)
    browser = companion.client(**{"Sec-Fetch-Site": "same-origin"})
    for _ in range(20):
        assert browser.post("/jamf/sign-in", data={"token": "jamfadmin_x"}).status_code == 401
    answer = browser.post("/jamf/sign-in", data={"token": own_token})
    assert "Try again in" in page_of(answer, 429)
    assert int(answer.headers["retry-after"]) > 0


def test_what_goes_wrong_is_a_page_with_the_sentences_of_the_api(companion: Companion) -> None:
    browser = companion.signed_in("user")
    nothing = page_of(browser.get("/jamf/nowhere/at-all"), 404)
    assert "There is no page /jamf/nowhere/at-all." in nothing
    unknown = browser.get("/jamf/", params={"integration": "<b>elsewhere"})
    told = page_of(unknown, 404)
    assert "&lt;b&gt;elsewhere" in told
    assert unknown.headers["X-Request-Id"] in told
    assert browser.get("/jamf").headers["location"] == "/jamf/"
    assert page_of(browser.post("/jamf/sign-out", json={}), 415)
    assert page_of(browser.post("/jamf/sign-out", files={"a": b"b"}), 415)
    assert page_of(browser.post("/jamf/sign-out", data={"a": "b" * 300_000}), 413)


def test_files_are_kept_for_ever_under_names_that_change_with_them(companion: Companion) -> None:
    client = companion.client()
    page = client.get("/jamf/").text
    addresses = set(re.findall(r'"(/jamf/static/[^"]+)"', page))
    assert {address.rpartition("/")[2] for address in addresses} == {
        *("icon.svg", "pages.css", "pages.js", "htmx.min.js")
    }
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        name = address.rpartition("/")[2]
        assert answer.content == (STATIC / name).read_bytes()
        assert hashlib.sha256(answer.content).hexdigest()[:16] in address
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == answer.content
    for address in ("/jamf/static/0000000000000000/pages.css", "/jamf/static/x/vendored.json"):
        assert client.get(address).status_code == 404


def test_what_others_made_is_what_they_published_with_its_licence() -> None:
    vendored = json.loads((STATIC / "vendored.json").read_text())
    for each in vendored:
        content = (STATIC / each["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        assert each["version"] in each["source"]
        assert f"version='{each['version']}'" in content.decode().replace('"', "'")
        assert (STATIC / each["licence_file"]).read_text().strip()
    theirs = {each["file"] for each in vendored}
    assert {path.name for path in STATIC.iterdir() if ".min." in path.name} == theirs


def test_the_wheel_has_the_templates_the_files_and_the_types(tmp_path: Path) -> None:
    root = STATIC.parents[2]
    (built,) = WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"])
    inside = set(zipfile.ZipFile(built).namelist())
    # Who imports the package is told its types.
    assert "moss_jamf_pipeline/py.typed" in inside
    for directory in (STATIC, STATIC.parent / "templates"):
        wanted = {str(path.relative_to(root)) for path in directory.rglob("*") if path.is_file()}
        assert wanted
        assert wanted <= inside
