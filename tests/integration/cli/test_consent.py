"""`sheets contact consent`: the register as a table, as JSON and as a file."""

import csv
import json

import pytest

from engine.errors import ContactNotFound
from tests.builders import an_activity, days
from tests.integration.cli.commands import run
from tests.integration.drained import receive_and_drain
from workers.cli.errors import FileNotWritable, InvalidOption


@pytest.fixture
def ana(named):
    receive_and_drain(
        named,
        [
            an_activity("newsletter_subscribed", days(0), email="ana@x.com", source="Footer", trusted=True),
            an_activity("newsletter_unsubscribed", days(4), email="ana@x.com"),
        ],
    )


def test_the_register_is_printed_with_the_state(ana):
    answer = run("contact", "consent", "ana@x.com")

    assert answer.exit_code == 0, answer.exception
    for words in ("Newsletter", "unsubscribed", "Footer", "the contact"):
        assert words in answer.stdout


def test_as_json_and_as_of_a_day(ana):
    answer = run("contact", "consent", "ana@x.com", "--as-of", "2026-03-05", "--json")

    found = json.loads(answer.stdout)
    assert {state["subscription"]: state["state"] for state in found["states"]} == {
        "newsletter": "subscribed", "sms": "not_subscribed",
    }  # fmt: skip
    assert [entry["evidence"]["origin"] for entry in found["entries"]] == ["Footer"]
    assert found["as_of"] == "2026-03-05"


def test_a_file_holds_it_all(ana, tmp_path):
    answer = run("contact", "consent", "ana@x.com", "--out", tmp_path / "ana.csv")

    assert answer.stdout.strip().endswith("ana.csv: 2 acts")
    rows = list(csv.DictReader((tmp_path / "ana.csv").open(newline="", encoding="utf-8-sig")))
    assert [row["Record"] for row in rows] == ["State now", "State now", "Act", "Act"]


def test_what_cannot_be_is_refused(ana, tmp_path):
    unknown = run("contact", "consent", "nobody@x.com")
    future = run("contact", "consent", "ana@x.com", "--as-of", "2126-01-01")
    nowhere = run("contact", "consent", "ana@x.com", "--out", tmp_path / "no" / "ana.csv")

    assert isinstance(unknown.exception, ContactNotFound)
    assert isinstance(future.exception, InvalidOption)
    assert isinstance(nowhere.exception, FileNotWritable)
    assert "--out" in str(nowhere.exception)
