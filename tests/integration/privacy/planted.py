"""A person who is in every place that the code can put one, each value marked; and Bob beside them."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient

from engine.accounts import keys
from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.bulk import bulk_service
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.listing import view_service
from engine.contacts.listing.listing import Listing
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId, ContactId
from engine.exports import export_service
from engine.exports.exporting import Export
from engine.http_client import HttpClient
from engine.imports import import_service
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.notices.taken import take_mail
from engine.pipeline import inbox
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting
from tests.integration.drained import drain_all
from tests.integration.job_runs import run_next_job
from tests.integration.served import NobodyToWake
from tests.returned import RIDDLE, bounce
from workers.collector.app import create_app
from workers.collector.limits import RateLimit
from workers.tasks.outbox import send_next

MARK = "zqxmarker"
EMAIL, PHONE, OURS = f"{MARK}@x.com", "+34600777123", f"{MARK}-77"
TRACKERS = ("family-browser-1", f"{MARK}-phone-2")
"""The first passes to Bob, and is his then."""

NAME = ("Zqxmarker", "Zqxmarkerson")
WORDS = [MARK, "600777123"]

ANA = CurrentUser("u1", "ana@shop.com", "Ana", "admin")

SEGMENTS = f"""
segments:
  - {{id: fair, name: Met at the fair, static: true}}
  - {{id: friends, name: Friends, when: {{contact.email: {{in: [{EMAIL}, friend@x.com]}}}}}}
"""
SCORING = """
rules:
  - {id: seen, name: Seen, on: product_visited, points: 2}
  - {id: tell, name: Tell, on: product_visited, effects: [{webhook: crm}]}
"""


@dataclass
class Planted:
    """What was planted, and the ways in, to plant more."""

    db: Db
    client: TestClient
    write: dict[str, str]
    secret: dict[str, str]

    @property
    def contact(self) -> ContactId:
        found = contact_lookup.find_contact(self.db, EMAIL)
        assert found is not None
        return found

    @property
    def bob(self) -> dict[str, Any]:
        [row] = self.db.contacts.find({"email": "bob@x.com"})
        return row

    def send(self, call: str, *, trusted: bool = False, **said: Any) -> None:
        answer = self.client.post(f"/v1/{call}", json=said, headers=self.secret if trusted else self.write)
        assert answer.status_code == 200, answer.text

    def work(self) -> None:
        drain_all(self.db)
        while run_next_job(self.db, clock=utc_now, stopped=lambda: False):
            drain_all(self.db)

    def import_(self, id_: str, content: bytes, *, name: str, **more: Any) -> None:
        open_ = lambda: io.BytesIO(content)  # noqa: E731
        found = inspection.inspect(open_, versions.current(self.db))
        columns = {column.heading: column.target for column in found.columns}
        wanted = replace(ImportSettings(format=found.format, columns=columns), **more)
        import_service.start(acting(self.db, ANA), open_(), wanted, name=name, id_=id_)
        self.work()


def ago(minutes: float) -> str:
    return (utc_now() - timedelta(minutes=minutes)).isoformat()


def plant(db: Db, *, webhook: str) -> Planted:
    """Put the person everywhere, by the ways that people and programs have."""
    settings = f"account: {{time_zone: UTC}}\nwebhooks:\n  crm: {{url: '{webhook}', secret: s}}\n"
    texts = {"segments.yaml": SEGMENTS, "scoring.yaml": SCORING, "settings.yaml": settings}
    texts = publishing.completed(db, texts)
    publishing.publish(db, texts, by="ana", message=f"as {EMAIL} wanted", now=utc_now())
    drain_all(db)
    limit = RateLimit(per_second=1e6, burst=1e6)
    secret, write = (
        keys.create_key(db, kind, label="k", now=utc_now()).token for kind in ("secret", "write")
    )
    planted = Planted(
        db,
        TestClient(create_app(db, NobodyToWake(), limit=limit)),
        {"Authorization": f"Bearer {write}"},
        {"Authorization": f"Bearer {secret}"},
    )
    _by_events(planted)
    _by_bob(planted)
    _by_colleagues(planted)
    _by_files(planted)
    _by_mail(planted)
    _by_trouble(planted)
    return planted


def _by_events(planted: Planted) -> None:
    one, two = TRACKERS
    known = {"external_id": OURS, "first_name": NAME[0], "custom.city": f"{MARK} by hand"}
    edit_service.create(acting(planted.db, ANA), known, id_=ActivityId("made-1"))
    planted.work()
    page = {"page": {"url": f"https://shop/{MARK}", "title": MARK}, "userAgent": f"Mozilla {MARK}"}
    planted.send("page", anonymousId=one, timestamp=ago(90), context=page, properties={"url": f"/{MARK}"})
    planted.send("track", anonymousId=two, event="page_visited", timestamp=ago(89))
    traits = {
        "email": EMAIL, "phone": PHONE, "first_name": NAME[0], "last_name": NAME[1], "city": f"{MARK} city",
    }  # fmt: skip
    planted.send("identify", userId=OURS, anonymousId=one, timestamp=ago(80), traits=traits, trusted=True)
    planted.send("identify", userId=OURS, anonymousId=two, timestamp=ago(79), trusted=True)
    planted.work()
    viewed = {"product_id": f"{MARK}-shoe", "$ref": MARK, "$id": 1}
    planted.send("track", userId=OURS, event="product_visited", timestamp=ago(70), properties=viewed)
    order = {"order_id": f"{MARK}-o1", "total": 90, "currency": "EUR", "products": [{"name": MARK}]}
    planted.send(
        "track", userId=OURS, event="order_completed", timestamp=ago(60), properties=order, trusted=True
    )
    planted.send("track", userId=OURS, event="newsletter_subscribed", timestamp=ago(59), trusted=True)
    for number in range(3):
        bounce = {
            "email": EMAIL, "message_id": f"{MARK}-{number}", "bounce": "permanent", "reason": f"{EMAIL} is full",
        }  # fmt: skip
        planted.send(
            "track", userId=OURS, event="email_bounced", timestamp=ago(50 - number), properties=bounce, trusted=True,
        )  # fmt: skip
    planted.send("track", userId=OURS, event=f"{MARK} of their own", timestamp=ago(40))
    planted.work()


def _by_bob(planted: Planted) -> None:
    """Bob uses the same browser afterwards, and speaks of the person."""
    bought = {"order_id": "b1", "total": 10, "currency": "EUR"}
    planted.send(
        "track", userId="bob-1", event="order_completed", timestamp=ago(95), properties=bought, trusted=True
    )
    traits = {"email": "bob@x.com", "first_name": "Bob"}
    planted.send("identify", userId="bob-1", traits=traits, timestamp=ago(94), trusted=True)
    planted.send("identify", userId="bob-1", anonymousId=TRACKERS[0], timestamp=ago(30), trusted=True)
    planted.send("track", anonymousId=TRACKERS[0], event="product_visited", timestamp=ago(29))
    planted.send(
        "track", userId="bob-1", event="form_submitted", timestamp=ago(28), trusted=True,
        properties={"friend": f"Write to <{EMAIL}> or {PHONE}!", "amount": 7},
    )  # fmt: skip
    planted.send("identify", userId="bob-1", traits={"email": EMAIL}, timestamp=ago(27))
    planted.work()


def _by_colleagues(planted: Planted) -> None:
    db, contact = planted.db, planted.contact
    change = Edit(
        fields={"custom.city": f"{MARK} town"}, add_to=["fair"], points=5, reason=f"{MARK} was so kind",
    )  # fmt: skip
    edit_service.edit(acting(db, ANA), contact, change, id_=ActivityId("edit-1"))
    planted.work()
    for number, selection in enumerate((Selection(ids=(contact,)), Selection(listing=Listing(search=EMAIL)))):
        bulk_service.start(
            acting(db, ANA), selection, Edit(fields={"custom.country": f"{MARK}land {number}"}), id_=f"bulk-{number}",
        )  # fmt: skip
        planted.work()
    for number, search in enumerate((EMAIL, " ".join(NAME))):
        view_service.save(
            acting(db, ANA), f"About {search}", Listing(search=search),
            columns=["name"], size=50, shared=True, id_=f"view-{number}",
        )  # fmt: skip
    edit_service.create(acting(db, ANA), {"email": "second@x.com"}, id_=ActivityId("made-2"))
    planted.work()
    [second] = db.contacts.find({"email": "second@x.com"})
    edit_service.delete(acting(db, ANA), second["_id"], id_=ActivityId("gone-2"), reason=f"same as {EMAIL}")
    planted.work()


def _by_files(planted: Planted) -> None:
    rows = f"email,first_name,city\n{EMAIL},{NAME[0]},{MARK}ville\nfriend@x.com,Fred,Roma\n"
    planted.import_("import-1", rows.encode(), name="people.csv")
    planted.import_("import-2", gzip.compress(rows.encode()), name="people.csv.gz", mode="create")
    bad = f"customer id,email,mobile phone\nbob-1,{EMAIL},600 777 123\n"
    planted.import_("import-3", bad.encode(), name="bad.csv")
    for format_ in ("csv", "xlsx", "parquet"):
        wanted = Export(
            format=format_, selection=Selection(listing=Listing(search=EMAIL)), name=f"of {EMAIL}"
        )
        export_service.start(acting(planted.db, ANA), wanted, id_=f"export-{format_}")
        planted.work()


def _by_mail(planted: Planted) -> None:
    """A bounce of theirs, one of Bob's mails that names them in a hidden form, and one that is a riddle."""
    theirs = bounce(1, to=EMAIL)
    both = bounce(2, to="bob@x.com").replace(
        b"Status: 5.1.1\n", f"Status: 5.1.1\n\nFinal-Recipient: rfc822; {EMAIL}\nAction: failed\n".encode(), 1
    )
    for raw in (theirs, both, RIDDLE + EMAIL.encode()):
        _, taken = take_mail(
            raw, versions.current(planted.db), source="webhook:bounce", received_at=utc_now()
        )
        inbox.receive(planted.db, taken.activities)
        taken.keep_beside(planted.db)
    planted.work()
    assert planted.db.raw_notices.count_documents({}) == 3


def _by_trouble(planted: Planted) -> None:
    db = planted.db
    planted.send(
        "track", userId=OURS, event="searched", messageId="twice", properties={"q": "a"}, timestamp=ago(9)
    )
    planted.send(
        "track", userId=OURS, event="searched", messageId="twice", properties={"q": MARK}, timestamp=ago(9)
    )
    refused = {"batch": [{"type": "track", "userId": OURS, "event": "", "properties": {"q": MARK}}]}
    planted.client.post("/v1/batch", json=refused, headers=planted.write)
    planted.work()
    db.lanes.update_many({}, {"$set": {"attempts": 30}})  # as if workers had died over the next one
    planted.send("track", userId=OURS, event="searched", properties={"query": MARK}, timestamp=ago(8))
    planted.work()
    db.lanes.update_many({}, {"$set": {"attempts": 0}})
    send_next(db, {}, client=HttpClient(allow_private=True), clock=utc_now)
