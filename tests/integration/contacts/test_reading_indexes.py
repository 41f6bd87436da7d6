"""No list that is offered reads all contacts: MongoDB says so itself."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.contacts.listing import listing
from engine.contacts.listing.filter_bar import offered, with_part
from engine.contacts.listing.filters import Days, Every, Known, Picked, Range, Recency, Wording
from engine.contacts.listing.listing import SORTS, Listing
from engine.db.connection import connect, utc_now
from engine.operations.preparation import prepare
from engine.rules import versions
from engine.settings import CONFIG_DIR
from tests.builders import an_activity, bought, identified, minutes, rules
from tests.integration.drained import receive_and_drain

BAR = offered(rules().present)
FIRST: dict[str, Any] = {
    "number": Range(20, 50),
    "recency": Recency(30),
    "text": Wording("Madrid"),
    "days": Days(date(2026, 1, 1)),
}


def choices_of(filter_):
    """What can be chosen of a filter, one of each sort."""
    if filter_.kind == "flag":
        return [True, False]
    known = [Known(True), Known(False)] if filter_.optional else []
    if filter_.kind in ("choice", "segments"):
        every = tuple(choice.value for choice in filter_.choices)
        some = [every, *((value,) for value in every[:4])]
        if filter_.kind == "segments":
            return some if filter_.outside else [*some, Every(every[:2])]
        return [*known, Picked(every[:2], outside=True), *map(Picked, some)]
    both = {
        "recency": [
            Recency(30, within=False),
            Recency(30, within=False, ever=True),
            Days(date(2026, 1, 1), date(2026, 2, 1)),
        ],
        "text": [Wording("Ma", whole=False)],
    }
    return [FIRST[filter_.kind], *both.get(filter_.kind, []), *known]


FILTERED = [
    with_part(Listing(), filter_.condition(value), instead_of=None)
    for filter_ in BAR
    if not filter_.unavailable
    for value in choices_of(filter_)
]

PROFILED = 64 * 1024 * 1024
"""Bytes of what MongoDB notes of all questions of a test."""


@pytest.fixture(scope="module")
def people(mongod):
    db = connect(mongod.uri, "indexes_read", app="tests")
    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    receive_and_drain(
        db,
        [
            *(an_activity(at=minutes(n), tracker=f"t{n}") for n in range(7)),
            identified(minutes(7), email="ana@x.com", phone="+34600123456", traits={"name": "Ana Ruiz"}),
            bought(50, minutes(8), external_id="C-9"),
        ],
    )
    assert versions.current(db).fields, "the shipped fields are offered"
    yield db
    db.client.drop_database(db.name)


def plans(db, wanted, after=None):
    """How MongoDB answered each question that a page asks, as its profiler notes it."""
    db.command("profile", 2)
    try:
        page = listing.page(db, wanted, after=after, limit=3)
        neighbour = page.rows[0].id if page.rows else "a" * 24
        listing.neighbours(db, wanted, neighbour)
    finally:
        db.command("profile", 0)
    asked = list(db.system.profile.find({"ns": f"{db.name}.contacts"}))
    db.system.profile.drop()
    assert asked
    return asked


def scanned(asked):
    return [row["command"] for row in asked if "COLLSCAN" in row.get("planSummary", "")]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_each_order_is_that_of_an_index(people, sort, descending):
    wanted = Listing(sort=sort, descending=descending)
    first = listing.page(people, wanted, limit=3)

    asked = plans(people, wanted) + plans(people, wanted, after=first.next)

    assert not scanned(asked)
    assert not [row["command"] for row in asked if row.get("hasSortStage")], "sorted in memory"


@pytest.mark.parametrize("wanted", FILTERED, ids=lambda wanted: str(wanted.where))
def test_each_filter_reads_an_index(people, wanted):
    assert not scanned(plans(people, wanted))


def test_each_filter_reads_an_index_in_each_order(people):
    people.create_collection("system.profile", capped=True, size=PROFILED)
    people.command("profile", 2)
    try:
        for number, wanted in enumerate(FILTERED):
            for sort in SORTS:
                listing.page(people, replace(wanted, sort=sort, descending=number % 2 == 0), limit=3)
    finally:
        people.command("profile", 0)

    asked = list(people.system.profile.find({"ns": f"{people.name}.contacts"}))
    people.system.profile.drop()
    assert len(asked) >= 2 * len(FILTERED) * len(SORTS), "a page, and its count"
    assert not scanned(asked)


@pytest.mark.parametrize("search", ["ana", "+34600", "C-9", "t3", "a" * 24])
@pytest.mark.parametrize("sort", SORTS)
def test_a_search_reads_an_index_in_any_order(people, search, sort):
    assert not scanned(plans(people, Listing(search=search, sort=sort)))
