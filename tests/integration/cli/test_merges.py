"""Merging by command: two contacts, the list, undo, and the suggestions."""

import json

import pytest

from engine.accounts import audit
from engine.errors import ContactNotFound
from tests.builders import identified, minutes
from tests.integration.cli.commands import run
from tests.integration.drained import drain_all, receive_and_drain, the_id
from workers.cli.errors import InvalidOption
from workers.cli.session import cli_actor


def printed(*words):
    answer = run(*words, "--json")
    assert answer.exit_code == 0, answer.exception
    return json.loads(answer.stdout)


@pytest.fixture
def two(named):
    receive_and_drain(
        named,
        [
            identified(minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz"}, trusted=True),
            identified(minutes(1), external_id="A-7", traits={"name": "Ana R"}, trusted=True),
        ],
    )
    return the_id(named, "ana@x.com"), the_id(named, "A-7")


@pytest.fixture
def suggested(named, two):
    receive_and_drain(named, [identified(minutes(2), email="ana@x.com", external_id="A-7")])
    return two


def test_two_contacts_are_merged_by_whatever_leads_to_them(named, two):
    assert f"{two[1]} merges into {two[0]}" in run("merge", "A-7", "ana@x.com", "--reason", "asked").stdout
    drain_all(named)

    [merge] = printed("merges", "list", "A-7")
    assert (merge["loser"], merge["into"], merge["cause"]["reason"]) == (two[1], two[0], "asked")
    assert printed("merges", "list") == [merge]
    assert "Ana R" in run("merges", "list").stdout
    [entry] = audit.page(cli_actor(named), audit.Filters()).entries
    assert (entry.act, entry.reason) == ("merged contacts", "asked")


def test_the_survivor_can_be_chosen_among_the_two_and_nobody_else(named, two):
    wrong, unknown = run("merge", *two, "--into", two[0][::-1]), run("merge", two[0], "nobody")
    receive_and_drain(named, [identified(minutes(5), email="eva@x.com")])
    other = run("merge", *two, "--into", "eva@x.com")

    assert isinstance(wrong.exception, ContactNotFound)
    assert isinstance(unknown.exception, ContactNotFound)
    assert isinstance(other.exception, InvalidOption)

    assert printed("merge", *two, "--into", "A-7")["into"] == two[1]
    drain_all(named)
    assert the_id(named, "ana@x.com") == two[1]


def test_a_merge_is_undone_by_the_id_of_the_contact_that_was_merged(named, two):
    run("merge", *two)
    drain_all(named)

    assert printed("merges", "undo", two[1], "--reason", "sisters")["loser"] == two[1]
    drain_all(named)

    assert the_id(named, "A-7") == two[1]
    assert printed("merges", "list") == []


def test_suggestions_are_printed_and_accepted(named, suggested):
    [found] = printed("merges", "suggestions")
    assert [contact["id"] for contact in found["contacts"]] == list(suggested)
    assert found["why"]
    assert "Suggested merges" in run("merges", "suggestions").stdout

    assert printed("merges", "accept", found["suggestion"])["suggestion"] == found["suggestion"]
    drain_all(named)

    assert the_id(named, "A-7") == suggested[0]
    assert printed("merges", "suggestions") == []


def test_a_dismissed_suggestion_is_listed_apart_with_who_and_why(named, suggested):
    [found] = printed("merges", "suggestions")

    assert printed("merges", "dismiss", found["suggestion"], "--reason", "sisters")["dismissed"]

    assert printed("merges", "suggestions") == []
    [dismissed] = printed("merges", "suggestions", "--dismissed")
    assert (dismissed["suggestion"], dismissed["dismissed_why"]) == (found["suggestion"], "sisters")
    assert dismissed["dismissed_by"] and dismissed["dismissed_at"]


def test_duplicates_are_searched_on_demand(named):
    receive_and_drain(
        named,
        [
            identified(minutes(0), email="leo@gmail.com", trusted=True),
            identified(minutes(1), email="l.eo@googlemail.com", trusted=True),
        ],
    )

    [found] = printed("merges", "suggestions", "--find")

    assert found["reason"] == "similar_email"
    assert "leo@gmail.com" in found["why"]
    assert "0 new, 1 known" in run("merges", "suggestions", "--find").stderr
