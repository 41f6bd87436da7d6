"""`POST /webhooks/push`: a subscription that its push service no longer knows removes the device."""

import pytest

from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import an_activity
from tests.integration.drained import drain_all, receive_and_drain

FCM = "https://fcm.googleapis.com/fcm/send/abc:1"
PASSWORD = {"authorization": "Bearer long password"}


@pytest.fixture
def report(db, serving):
    texts = publishing.completed(db, {"settings.yaml": "sending_services: {push: {secret: $PUSH}}\n"})
    publishing.publish(db, texts, by="x", message="push", now=utc_now())
    client = serving(environment={"PUSH": "long password"})

    def post(content, headers=PASSWORD):
        answer = client.post("/webhooks/push", json=content, headers=headers)
        drain_all(db)
        return answer

    return post


def subscribed(db, *, endpoint=FCM, **who):
    receive_and_drain(db, [an_activity("push_subscribed", utc_now(), endpoint=endpoint, **who)])


def push(db):
    return [(row["statuses"]["push"]["state"], row.get("push_devices", [])) for row in db.contacts.find()]


@pytest.mark.parametrize("who", [{"email": "ana@x.example", "trusted": True}, {"tracker": "phone-1"}])
def test_a_device_that_is_gone_is_removed_once_and_others_stay(db, report, who):
    subscribed(db, device_id="phone", **who)
    subscribed(db, device_id="desk", endpoint="https://push.example/2", **who)

    first = report([{"endpoint": FCM, "status": 410}, {"endpoint": FCM, "status": 404}])
    again = report({"endpoint": FCM})

    assert first.json() == {"success": True, "accepted": 1, "unknown": 0}
    assert again.json() == {"success": True, "accepted": 0, "unknown": 1}
    assert push(db) == [("enabled", ["desk"])]
    report({"endpoint": "https://push.example/2"})
    assert push(db) == [("not_enabled", [])]
    assert db.activities.count_documents({"type": "push_unsubscribed"}) == 2


def test_a_device_that_subscribes_again_is_enabled_until_it_is_gone_again(db, report):
    for _ in range(2):
        subscribed(db, email="ana@x.example", trusted=True)
        assert push(db) == [("enabled", [FCM])]
        report({"endpoint": FCM, "status": 410})
        assert push(db) == [("not_enabled", [])]


def test_another_answer_of_the_service_changes_nothing(db, report):
    subscribed(db, email="ana@x.example", trusted=True)

    assert report({"endpoint": FCM, "status": 429}).json()["accepted"] == 0
    assert push(db) == [("enabled", [FCM])]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ({"endpoint": FCM}, {"authorization": "Bearer guess"}, 403),
        ({"endpoint": "file:///etc"}, PASSWORD, 400),
        ({"endpoint": FCM, "status": "gone"}, PASSWORD, 400),
        (["x"], PASSWORD, 400),
    ],
)
def test_what_is_forged_or_no_report_changes_nothing(db, report, content, headers, status):
    subscribed(db, email="ana@x.example", trusted=True)

    assert report(content, headers).status_code == status
    assert push(db) == [("enabled", [FCM])]
