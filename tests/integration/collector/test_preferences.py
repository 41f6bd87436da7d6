"""The preference page: signed links, choices that count once, and unsubscription by one click."""

import html
import re
import time
from datetime import timedelta

import pytest
from msgspec import structs

from engine.db.connection import utc_now
from engine.domain.activities import DASHBOARD
from engine.domain.preference_links import preference_link
from engine.domain.preferences import Preferences
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import an_activity, by_hand, identified
from tests.integration.drained import drain_all, receive_and_drain

ANA, SECRET = "ana@x.example", "a secret that is long enough"
ENVIRONMENT = {"LINKS": SECRET}
DECLARED = "preferences: {url: 'https://events.x.example', secret: [$LINKS, $OLD_LINKS], colour: '#7a1fa2', contact: help@x.example}\n"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def publish(db, declared=DECLARED, **files):
    texts = publishing.completed(db, files)
    texts["settings.yaml"] += declared
    publishing.publish(db, texts, by="x", message="preferences", now=utc_now())


@pytest.fixture
def client(db, serving):
    publish(db)
    receive_and_drain(
        db,
        [
            identified(email=ANA, trusted=True),
            an_activity("newsletter_subscribed", utc_now() - timedelta(days=3), email=ANA, trusted=True),
        ],
    )
    return serving(environment=ENVIRONMENT, address="91.198.174.192")


def path_of(link):
    return link.removeprefix("https://events.x.example")


def link_to(db, email=ANA, *, ago=timedelta(0), **more):
    contact = db.contacts.find_one({"email": email})["_id"]
    declared = versions.current(db).preferences
    return path_of(preference_link(contact, declared, ENVIRONMENT, now=utc_now() - ago, **more))


def form_of(answer):
    """The form on a page, as a browser would send it unchanged."""
    checked = re.findall(r'name="receive" value="(\w+)" checked', answer.text)
    return {
        "form": re.search(r'name="form" value="([^"]+)"', answer.text)[1],
        "receive": checked,
        "action": "save",
    }


def choices(db):
    query = {"source": "preference page"}
    return [
        (row["type"], row["properties"]["source"]) for row in db.activities.find(query).sort("received_at")
    ]


def status_of(db, machine="newsletter", email=ANA):
    drain_all(db)
    return db.contacts.find_one({"email": email})["statuses"][machine]


def test_opening_the_page_changes_nothing_and_shows_what_holds(db, client):
    answer = client.get(link_to(db))

    assert answer.status_code == 200
    assert form_of(answer)["receive"] == ["newsletter"]
    assert "a•••@x.example" in answer.text and ANA not in answer.text
    assert choices(db) == []


def test_the_page_is_not_cached_indexed_or_framed_and_runs_no_script(db, client):
    headers = client.get(link_to(db)).headers

    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy


def test_a_choice_is_shown_at_once_and_is_the_contacts_own_with_its_evidence(db, client):
    link = link_to(db)
    form = form_of(client.get(link, headers={"accept-language": "es"}))

    saved = client.post(link, data=form | {"receive": []})

    assert "You do not receive" in saved.text
    assert form_of(client.get(link))["receive"] == [], "before any worker has seen it"
    status = status_of(db)
    assert (status["state"], status["by"]) == ("unsubscribed", "the contact")
    [activity] = db.activities.find({"source": "preference page"})
    assert activity["trusted"]
    assert activity["properties"] == {
        "email": ANA,
        "source": "preference page",
        "page": "/preferences",
        "text_version": "en 1",
        "ip": "91.198.174.192",
    }


def test_a_form_that_is_posted_again_counts_once(db, client):
    link = link_to(db)
    off = form_of(client.get(link)) | {"receive": []}

    for _ in range(3):
        assert "Saved." in client.post(link, data=off).text
        drain_all(db)

    assert choices(db) == [("newsletter_unsubscribed", "preference page")]


def test_a_newer_yes_on_the_page_lifts_the_contacts_no(db, client):
    link = link_to(db)
    client.post(link, data=form_of(client.get(link)) | {"action": "all"})
    assert status_of(db)["state"] == "unsubscribed"

    client.post(link, data=form_of(client.get(link)) | {"receive": ["newsletter"]})

    assert status_of(db)["state"] == "subscribed"
    [yes] = db.activities.find({"source": "preference page", "type": "newsletter_subscribed"})
    assert yes["properties"]["text"] == "Newsletter: News and offers by email."


def test_what_was_changed_elsewhere_meanwhile_holds(db, client):
    link = link_to(db)
    old = form_of(client.get(link))
    client.post(link, data=ONE_CLICK)

    answer = client.post(link, data=old)

    assert "Nothing was changed." in answer.text
    assert status_of(db)["state"] == "unsubscribed"


def test_a_form_that_was_open_for_too_long_saves_nothing(db, serving, client):
    link = link_to(db)
    form = form_of(client.get(link)) | {"receive": []}
    later = serving(environment=ENVIRONMENT, clock=lambda: utc_now() + timedelta(days=2))

    answer = later.post(link, data=form)

    assert answer.status_code == 409
    assert form_of(answer)["receive"] == ["newsletter"]
    assert choices(db) == []


def test_unsubscribing_from_everything_ends_what_was_never_begun_too(db, client):
    link = link_to(db)

    client.post(link, data=form_of(client.get(link)) | {"action": "all"})

    assert status_of(db, "sms")["state"] == "unsubscribed"
    assert status_of(db, "newsletter")["state"] == "unsubscribed"


def test_a_contact_pauses_its_emails_for_thirty_days_and_ends_the_pause(db, client):
    link = link_to(db)
    pause = form_of(client.get(link)) | {"action": "pause"}

    for _ in range(2):
        assert "You get no emails until" in client.post(link, data=pause).text
    paused = status_of(db, "email_status")
    assert (paused["state"], paused["by"]) == ("paused", "the contact")
    assert timedelta(days=29) < paused["until"] - utc_now() <= timedelta(days=30)
    assert db.conflicts.count_documents({}) == 0

    client.post(link, data=form_of(client.get(link)) | {"action": "resume"})

    assert status_of(db, "email_status")["state"] == "active"
    assert [type_ for type_, _ in choices(db)] == ["emails_paused", "emails_resumed"]


def test_a_contact_cannot_end_a_pause_that_a_user_began(db, client):
    paused = by_hand(f"e:{ANA}", utc_now(), email_status="paused", author="Mia")
    receive_and_drain(db, [structs.replace(paused, source=DASHBOARD)])
    link = link_to(db)

    client.post(link, data=form_of(client.get(link)) | {"action": "resume"})

    assert status_of(db, "email_status")["state"] == "paused"


@pytest.mark.parametrize("way", ["urlencoded", "multipart"])
def test_one_click_unsubscribes_without_a_question_a_cookie_or_a_redirect(db, client, way):
    link = link_to(db)
    body = (
        {"data": ONE_CLICK} if way == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    )

    answers = [client.post(link, follow_redirects=False, **body) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert "set-cookie" not in answers[0].headers
    assert choices(db) == [("newsletter_unsubscribed", "one-click unsubscribe")]
    assert status_of(db)["state"] == "unsubscribed"


def test_one_click_counts_again_after_the_contact_has_subscribed_again(db, client):
    link = link_to(db)
    client.post(link, data=ONE_CLICK)
    client.post(link, data=form_of(client.get(link)) | {"receive": ["newsletter"]})
    drain_all(db)

    client.post(link, data=ONE_CLICK)

    assert status_of(db)["state"] == "unsubscribed"


def test_one_click_ends_the_subscription_that_the_link_names(db, client):
    client.post(link_to(db, subscription="sms"), data=ONE_CLICK)

    assert status_of(db, "sms")["state"] == "unsubscribed"
    assert status_of(db)["state"] == "subscribed"


def test_a_link_in_a_mail_of_years_ago_still_unsubscribes_and_does_nothing_else(db, client):
    old = link_to(db, ago=timedelta(days=1_500))
    form = form_of(client.get(old))
    assert "old message" in client.get(old).text

    client.post(old, data=form | {"receive": []})
    client.post(old, data=form_of(client.get(old)) | {"receive": ["newsletter"]})

    assert status_of(db)["state"] == "unsubscribed"


def test_links_signed_with_the_secret_before_work_while_it_is_named(db, serving, client):
    contact = db.contacts.find_one({"email": ANA})["_id"]
    before = preference_link(
        contact, Preferences("", ("L",)), {"L": "the secret before this one"}, now=utc_now()
    )

    assert client.get(before).status_code == 404
    both = serving(environment=ENVIRONMENT | {"OLD_LINKS": "the secret before this one"})
    assert both.get(before).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_cut_or_forged_link_changes_nothing(db, client, method):
    contact = db.contacts.find_one({"email": ANA})["_id"]
    forged = preference_link(
        contact, Preferences("", ("X",)), {"X": "a secret of somebody else"}, now=utc_now()
    )

    for link in (forged, link_to(db)[:-4], "/preferences/x"):
        answer = getattr(client, method)(link)
        assert answer.status_code == 404
        assert "This link does not work" in answer.text and "<form" not in answer.text
    assert choices(db) == []


def test_the_link_of_a_merged_contact_leads_to_the_survivor(db, client):
    receive_and_drain(db, [an_activity("page_visited", utc_now(), tracker="t9")])
    visitor = db.contacts.find_one({"keys": "t:t9"})["_id"]
    link = path_of(preference_link(visitor, versions.current(db).preferences, ENVIRONMENT, now=utc_now()))
    receive_and_drain(db, [an_activity("identified", utc_now(), tracker="t9", email=ANA, trusted=True)])

    assert form_of(client.get(link))["receive"] == ["newsletter"]
    client.post(link, data=ONE_CLICK)

    assert status_of(db)["state"] == "unsubscribed"


def test_links_end_with_erasure(db, client):
    link = link_to(db)
    db.contacts.delete_many({})

    for answer in (client.get(link), client.post(link, data=ONE_CLICK)):
        assert answer.status_code == 410
        assert "not in our list" in answer.text
    assert choices(db) == []


def test_too_many_requests_with_one_link_are_asked_to_wait(db, client):
    link = link_to(db)

    answers = [client.get(link) for _ in range(40)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "wait" in answers[-1].text


@pytest.mark.parametrize(
    ("language", "accepted", "title"),
    [
        (None, "es-MX,es;q=0.9,en;q=0.5", "Tus preferencias"),
        (None, "fr, en;q=0.2, es;q=0.7", "Tus preferencias"),
        (None, "", "Your preferences"),
        ("es_ES", "en", "Tus preferencias"),
        ("en", "es", "Your preferences"),
        ("fr", "es", "Tus preferencias"),
    ],
)
def test_the_page_speaks_the_contacts_language_else_the_browsers(db, client, language, accepted, title):
    if language is not None:
        db.contacts.update_one({"email": ANA}, {"$set": {"custom.language": language}})

    assert f"<h1>{title}</h1>" in client.get(link_to(db), headers={"accept-language": accepted}).text


def test_what_people_wrote_is_text_on_the_page(db, client):
    hostile = '<img src=x onerror="hacked()">'
    settings = versions.stored_version(db, versions.current_number(db)).texts["settings.yaml"]
    publish(db, "", **{"settings.yaml": settings.replace("name: My shop", f"name: '{hostile}'")})
    time.sleep(1)  # the collector believes the rules for that long

    text = client.get(link_to(db)).text

    assert hostile not in text and html.escape(hostile).replace("&quot;", "&#34;") in text


def test_without_the_secret_the_page_says_that_it_does_not_work_now(db, client, serving):
    bare = serving(environment={})

    answer = bare.post(link_to(db), data=ONE_CLICK)

    assert answer.status_code == 503, "the mail program tries again"
