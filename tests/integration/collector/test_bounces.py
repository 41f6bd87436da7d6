"""`POST /webhooks/bounce`: messages that came back, handed over by a mail server."""

import base64
import gzip

import pytest

from engine.db.connection import utc_now
from engine.domain.bounce_messages import MAX_BYTES
from engine.notices.raw_notices import raw_notice
from engine.publishing import publishing
from tests.builders import identified
from tests.integration.drained import drain_all, receive_and_drain
from tests.returned import LETTER, RIDDLE, absence, bounce, complaint

ANA = "ana@x.example"
PASSWORD = {"authorization": "Basic " + base64.b64encode(b"postfix:long password").decode()}
MAIL = {"content-type": "message/rfc822"}


@pytest.fixture
def hand_over(db, serving):
    texts = publishing.completed(db, {})
    declared = texts["settings.yaml"] + "sending_services: {bounce: {secret: $BOUNCE}}\n"
    publishing.publish(db, texts | {"settings.yaml": declared}, by="x", message="mail", now=utc_now())
    client = serving(environment={"BOUNCE": "long password"})

    def post(raw, **headers):
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/webhooks/bounce", content=raw, headers=PASSWORD | MAIL | more)

    return post


def the_contact(db):
    drain_all(db)
    return db.contacts.find_one({"email": ANA})


def test_three_notices_stop_the_mail_with_their_reason_however_often_each_comes(db, hand_over):
    receive_and_drain(db, [identified(email=ANA, trusted=True)])
    for raw in (bounce(1), bounce(2), bounce(1), b"Received: from mx2\n" + bounce(2)):
        answer = hand_over(raw).json()
        assert answer == {"success": True, "kind": "permanent", "accepted": 1, "not_understood": 0}
    assert the_contact(db)["statuses"]["email_status"]["state"] == "active"

    hand_over(gzip.compress(bounce(3)), content_encoding="gzip")

    status = the_contact(db)["statuses"]["email_status"]
    assert (status["state"], status["reason"]) == ("bounced", "no such address")
    assert db.activities.count_documents({"type": "email_bounced"}) == 3


def test_a_complaint_blocks_and_an_absence_note_changes_nothing(db, hand_over):
    receive_and_drain(db, [identified(email=ANA, trusted=True)])
    assert hand_over(absence()).json()["kind"] == "auto_reply"
    assert the_contact(db)["statuses"]["email_status"]["state"] == "active"

    hand_over(complaint(1))

    assert the_contact(db)["statuses"]["email_status"]["state"] == "blocked"


def test_a_letter_is_answered_plainly_and_kept_nowhere(db, hand_over):
    answer = hand_over(LETTER)

    assert answer.json() == {"success": True, "kind": "none", "accepted": 0, "not_understood": 0}
    assert [db[name].count_documents({}) for name in ("activities", "raw_notices", "refusals")] == [0, 0, 0]


def test_what_is_not_understood_is_kept_whole_once(db, hand_over):
    for _ in range(2):
        assert hand_over(RIDDLE).json()["not_understood"] == 1

    [kept] = db.refusals.find()
    assert (kept["source"], kept["event"]) == ("webhook:bounce", RIDDLE.decode())


def test_the_message_is_kept_as_evidence_of_its_bounce(db, hand_over):
    hand_over(bounce(1, headers="X-Name: J\xf6rg\n").decode().encode("latin-1"))

    [activity] = db.activities.find({"type": "email_bounced"})
    evidence = raw_notice(db, activity["_id"])
    assert "Final-Recipient: rfc822; ana@x.example" in evidence.text and "J\xf6rg" in evidence.text
    assert (evidence.media, evidence.shortened, evidence.addresses) == ("message/rfc822", False, [ANA])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer guess"}, 403),
        ({"authorization": ""}, 403),
        ({"content_type": "application/json"}, 415),
        ({"content_encoding": "br"}, 415),
    ],
)
def test_what_is_forged_or_no_message_changes_nothing(db, hand_over, headers, status):
    assert hand_over(bounce(1), **headers).status_code == status
    assert db.activities.count_documents({}) == 0


def test_a_bomb_is_not_unpacked(hand_over):
    bomb = gzip.compress(bytes(MAX_BYTES + 1))

    assert hand_over(bomb, content_encoding="gzip").status_code == 413


def test_a_shop_that_does_not_declare_the_door_has_none(serving):
    assert serving().post("/webhooks/bounce", content=bounce(1), headers=MAIL).status_code == 404
