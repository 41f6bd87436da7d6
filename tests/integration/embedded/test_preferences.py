"""The preference page of a running instance: its command, a collector that is killed, and erasure."""

import json
import time
import urllib.error
import urllib.request

import pytest

from tests.preference_shop import ANA, preference_shop, subscribe

ONE_CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with preference_shop(tmp_path_factory.mktemp("preferences")) as started:
        yield started


def link(instance, key, *options):
    return instance.json("preferences", "link", key, *options)


def newsletter(instance, email):
    instance.sheets("wait", "--timeout", "60")
    return instance.json("contact", "show", email)["newsletter"]


def until_it_serves(instance):
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{instance.collector}/healthz").close()
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return


def test_the_command_prints_the_link_and_the_headers_of_a_mail(instance):
    found = link(instance, ANA)

    assert found["link"].startswith(f"{instance.collector}/preferences/")
    assert found["headers"] == {
        "List-Unsubscribe": f"<{found['link']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert instance.sheets("preferences", "link", ANA).stdout.strip() == found["link"]
    refused = instance.sheets("preferences", "link", ANA, "--list", "topic_x", check=False)
    assert refused.returncode != 0 and "topic_offers" in refused.stderr


def test_what_was_answered_is_kept_though_the_collector_is_killed_right_after(instance):
    address = link(instance, ANA)["link"]
    collector = instance.child("collector")

    with urllib.request.urlopen(address, ONE_CLICK) as answer:
        assert answer.status == 200
    collector.kill()

    assert newsletter(instance, ANA) == "unsubscribed"
    until_it_serves(instance)
    with urllib.request.urlopen(address, ONE_CLICK) as answer:
        assert answer.status == 200, "the mail program tries again"
    ended = [row for row in activities(instance, ANA) if row["type"] == "newsletter_unsubscribed"]
    assert len(ended) == 1


def activities(instance, key):
    return [json.loads(line) for line in instance.sheets("activities", key, "--json").stdout.splitlines()]


def test_links_end_with_the_erasure_of_the_contact(instance):
    subscribe(instance, "eva", "eva@example.com")
    address = link(instance, "eva@example.com")["link"]

    instance.sheets("erase", "eva@example.com", "--yes")

    for body in (None, ONE_CLICK):
        with pytest.raises(urllib.error.HTTPError) as gone:
            urllib.request.urlopen(address, body)
        assert gone.value.code == 410
        gone.value.close()
