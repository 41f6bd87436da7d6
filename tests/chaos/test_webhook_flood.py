"""Ten thousand webhook events, a third of them again and in any order, while collector and worker are killed.

Their service sends each request until it is answered 200.  At the end each event counts once: compared
with a fold of the events that is written here, apart from the program's.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.db.connection import utc_now
from engine.publishing import publishing
from engine.settings import Instance, write_instance
from tests.integration.drained import drain_all
from workers.embedded.ports import free_port
from workers.embedded.process import spawn, terminate

EVENTS, AGAIN, PEOPLE, IN_A_REQUEST = 10_000, 0.3, 300, 125
SENDERS = 4
END_WITHIN = 120.0
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Flood:
    """A collector, a worker and a scheduler on a database, and their service."""

    def __init__(self, folder: Path, instance: Instance) -> None:
        self.folder, self.port = folder, free_port()
        write_instance(instance)
        self.processes = {name: self._start(name) for name in ("collector", "worker", "scheduler")}
        self.kills = self.tries = 0

    def _start(self, name: str) -> Any:
        port = ["--port", str(self.port)] if name == "collector" else []
        command = [sys.executable, "-m", "workers.cli.main", name, "--data-dir", str(self.folder), *port]
        key = {"SENDGRID_KEY": base64.b64encode(PUBLIC).decode()}
        return spawn(command, log=self.folder / "logs" / f"{name}.log", environment=key)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()
        self.processes[name] = self._start(name)
        self.kills += 1

    def send(self, events: list[dict[str, Any]]) -> None:
        """Until it is answered 200; each attempt is signed anew, as SendGrid does."""
        body = json.dumps(events).encode()
        while True:
            self.tries += 1
            stamp = str(int(time.time()))
            signature = base64.b64encode(KEY.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
            headers = {
                "x-twilio-email-event-webhook-timestamp": stamp,
                "x-twilio-email-event-webhook-signature": signature,
                "content-type": "application/json",
            }
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}/webhooks/sendgrid", body, headers=headers
            )
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    assert json.load(answer) == {
                        "success": True,
                        "accepted": len(events),
                        "not_understood": 0,
                    }
                    return
            except urllib.error.HTTPError as error:
                assert error.code == 503, error.read()
            except (OSError, EOFError, http.client.HTTPException):
                pass  # killed: also when the answer was under way, so that all of it comes again
            time.sleep(0.2)

    def stop(self) -> None:
        for process in self.processes.values():
            terminate(process, grace=10)


@pytest.fixture
def flood(db, mongod, valkey, tmp_path):
    texts = publishing.completed(
        db, {"settings.yaml": "sending_services: {sendgrid: {secret: $SENDGRID_KEY}}\n"}
    )
    publishing.publish(db, texts, by="x", message="service", now=utc_now())
    drain_all(db)
    flood = Flood(tmp_path, Instance(mongod.uri, valkey.url, db.name, data_dir=tmp_path, pid=os.getpid()))
    yield flood
    flood.stop()


def made(source: random.Random) -> list[dict[str, Any]]:
    """Distinct events; a fifth of the people have an address that mostly fails."""
    began, events = utc_now() - timedelta(days=20), []
    for number in range(int(EVENTS * (1 - AGAIN))):
        person = source.randrange(PEOPLE)
        fails = source.random() < (0.6 if person % 5 == 0 else 0.05)
        event = "bounce" if fails else source.choice(["delivered", "open"])
        events.append(
            {
                "event": event,
                "email": f"person{person}@x.example",
                "timestamp": int((began + timedelta(minutes=number)).timestamp()),
                "sg_event_id": f"event-{number}",
                "sg_message_id": f"message-{number}",
                "singlesend_name": f"to {person}",
                **({"status": "5.1.1", "reason": "550 5.1.1 unknown user"} if fails else {}),
            }
        )
    return events


def expected(events: list[dict[str, Any]]) -> dict[str, tuple[str, list[str], int]]:
    """The state, the run of failures and the number of activities of each person."""
    found: dict[str, tuple[str, list[str], int]] = {}
    for event in sorted(events, key=lambda event: event["timestamp"]):
        state, run, number = found.get(event["email"], ("active", [], 0))
        run = [*run, event["sg_message_id"]] if event["event"] == "bounce" else []
        state = "bounced" if len(run) >= 3 else state if run else "active"
        found[event["email"]] = (state, run, number + 1)
    return found


def present(db: Any) -> dict[str, tuple[str, list[str], int]]:
    return {
        row["email"]: (
            row["statuses"].get("email_status", {"state": "active"})["state"],
            row.get("mail", {}).get("failing", []),
            row["activities"],
        )
        for row in db.contacts.find({"email": {"$exists": True}})
    }


def test_each_event_of_a_flood_counts_once_whatever_is_killed(db, flood):
    source = random.Random(18)
    events = made(source)
    all_of = [*events, *source.choices(events, k=EVENTS - len(events))]
    source.shuffle(all_of)
    requests = [all_of[at : at + IN_A_REQUEST] for at in range(0, len(all_of), IN_A_REQUEST)]
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(flood.send, request) for request in requests]
        for number, name in enumerate(("worker", "collector", "worker", "collector"), start=1):
            wait(sent[: len(sent) * number // 5])
            flood.kill(name)  # by this thread: processes end with the thread that started them
        for future in sent:
            future.result()
    until = time.monotonic() + END_WITHIN
    while db.activities.find_one({"state": "received"}) is not None:
        assert time.monotonic() < until, "the workers do not come to an end"
        time.sleep(0.3)

    assert flood.kills == 4
    assert db.activities.count_documents({"derived": None}) == len(events)
    assert db.activities.count_documents({"type": "email_bounced"}) == db.raw_notices.count_documents({})
    assert db.conflicts.count_documents({}) == db.refusals.count_documents({}) == 0
    assert present(db) == expected(events)
    assert {state for state, *_ in expected(events).values()} == {"active", "bounced"}
