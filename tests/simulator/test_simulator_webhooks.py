"""The simulated server calls as JAMF Pro does: once, in JSON or XML, with either authentication."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from moss_jamf_pipeline.jamf.webhook_events import WebhookEvent, read_event
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer


class _Receiver(ThreadingHTTPServer):
    calls: list[tuple[dict[str, str], WebhookEvent]]


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    """Whoever is called, and what they were sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.calls.append((dict(self.headers), read_event(body)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    received = _Receiver(("127.0.0.1", 0), Handler)
    received.calls = []
    thread = threading.Thread(target=received.serve_forever, daemon=True)
    thread.start()
    yield received
    received.shutdown()
    received.server_close()


def test_it_tells_of_what_an_evolution_did_and_reads_alike_in_both_forms(
    receiver: _Receiver,
) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/"
    with (
        SimulatorServer(SimulatorConfig(computers=20, users=10, groups=2, oddities=0)) as jamf,
        httpx.Client(base_url=f"{jamf.base_url}/simulator", trust_env=False) as control,
    ):
        for webhook in (
            {"url": url, "content_type": "application/json", "header": {"X-API-Key": "s3cret"}},
            {"url": url, "username": "jamf", "password": "s3cret", "events": ["ComputerAdded"]},
            {"url": "http://127.0.0.1:9/"},
        ):
            shown = control.post("/webhooks", content=json.dumps(webhook))
            assert shown.status_code == 200
            assert "s3cret" not in shown.text
        done = control.post(
            "/evolve", content=json.dumps({"enrolments": 1, "renames": 2, "reports": True})
        ).json()
        pause = threading.Event()
        while (told := control.get("/webhooks").json())["under_way"]:
            pause.wait(0.02)
    assert (told["answers"], told["unanswered"]) == ({"202": 4}, 3)
    new = done["enrolments"][0]["id"]
    by_header = [event for headers, event in receiver.calls if headers.get("X-API-Key") == "s3cret"]
    assert {(event.name, event.jamf_ids) for event in by_header} == {
        ("ComputerAdded", (new,)),
        *(("ComputerInventoryCompleted", (each["id"],)) for each in done["renames"]),
    }
    ((headers, event),) = [call for call in receiver.calls if "X-API-Key" not in call[0]]
    assert headers["Content-Type"] == "text/xml"
    assert headers["Authorization"].startswith("Basic ")
    assert (event.name, event.jamf_ids) == ("ComputerAdded", (new,))
    assert event.event_at is not None
