"""A condition means the same in Python and in MongoDB, whatever the contact is like."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.db import contact_codec
from engine.domain.activities import Activity, ContactId
from engine.domain.conditions import All, Compare, Did, Either, Not, Path
from engine.domain.contact import Cart, CartLine, Commerce, ContactState, Deliverability, Points, Status
from engine.domain.fields import FIELDS
from engine.domain.folding.component import Contact
from engine.domain.identity.identities import Key
from engine.domain.identity.people import Person
from engine.pipeline.inbox import encode_activity
from engine.rules.conditions import regex
from engine.rules.conditions.expression import expression
from engine.rules.conditions.operators import OPERATORS
from engine.rules.conditions.predicate import predicate
from tests.builders import NOON

NOW = NOON + timedelta(days=30)
NOTHING_SLOW = settings(
    deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

WORDS = [
    "",
    "Ana",
    "ana",
    "ÁNA",
    "Straße",
    "ß",
    "10",
    "1e3",
    "2026-03-01",
    "\U0001f97e boots",
    "a.b",
    "$gt",
    "line\nbreak",
    "x ",
]
words = st.sampled_from(WORDS) | st.text(
    alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=4
)
numbers = (
    st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.sampled_from([0, 1, 10, 0.1, Decimal("0.10"), Decimal("10.00"), 10.0, -0.0])
)
times = st.integers(-60, 60).map(lambda n: NOW + timedelta(days=n)) | st.just(NOW)
scalars = words | numbers | st.booleans() | times
anything = scalars | st.none() | st.lists(scalars, max_size=3) | st.just({}) | st.just([])

TRACKED = Did(("product_visited",), within=timedelta(days=7), least=2, most=3)
EVER = Did(("searched",), least=1)
dids = st.builds(
    Did,
    st.sampled_from([("product_visited",), ("searched",)]),
    within=st.sampled_from([None, timedelta(days=7), timedelta(days=30)]),
    least=st.integers(0, 3),
    most=st.none() | st.integers(3, 4),
)


@st.composite
def histories(draw):
    past = st.lists(st.integers(0, 40 * 24).map(lambda h: NOW - timedelta(hours=h)), max_size=5)
    tracks = {}
    for types in (("product_visited",), ("searched",)):
        happened = sorted(draw(past), reverse=True)
        for least in range(4):
            for most in (None, 3, 4):
                track = Did(types, least=least, most=most).track
                tracks[track.id] = happened[: track.cap]
    return {track: times for track, times in tracks.items() if times}


@st.composite
def states(draw):
    cart = draw(st.sampled_from(["none", "active", "abandoned"]))
    at = draw(times)
    return ContactState(
        first_name=draw(st.none() | words),
        birth_date=draw(st.sampled_from([None, "1990-02-28", "2026-03-01"])),
        external_id=draw(st.none() | words.filter(bool)),
        identified=draw(st.booleans()),
        custom=draw(st.dictionaries(st.sampled_from(["size", "city", "a-b"]), scalars | st.lists(words, max_size=3), max_size=3)),
        points=Points(total=draw(st.integers(-50, 50))),
        statuses=draw(st.dictionaries(st.sampled_from(["newsletter", "mood"]), st.sampled_from(["subscribed", "unsubscribed", "calm"]).map(Status))),
        mail=Deliverability(address=draw(st.sampled_from([None, "ana@x.com"])), failing=draw(st.lists(words, max_size=2))),
        commerce=Commerce(
            orders=draw(st.integers(0, 3)),
            spent=draw(st.sampled_from([Decimal(0), Decimal("10.00"), Decimal("0.1")])),
            average=draw(st.none() | st.just(Decimal("10.00"))),
            last_order_at=draw(st.none() | times),
        ),
        cart=None if cart == "none" else Cart([CartLine("a")], Decimal(10), at, at, cart),
        segments=draw(st.dictionaries(st.sampled_from(["vip", "staff"]), times, max_size=2)),
        did=draw(histories()),
        last_seen=draw(st.none() | times),
        activities=draw(st.integers(0, 3)),
    )  # fmt: skip


PATHS = [Path("contact", field.name, field.type) for field in FIELDS.values() if field.name != "first_seen"]
PATHS += [Path("contact", f"custom.{name}") for name in ("size", "city", "a-b", "missing")]
PATHS += [Path("contact", "mood", "state", absent="calm")]
SAID = [
    Path("activity", name)
    for name in ("price", "name", "products.category", "a.b", "type", "context.page.path")
]


@st.composite
def comparisons(draw, paths):
    path = draw(st.sampled_from(paths))
    operator = OPERATORS[draw(st.sampled_from(sorted(OPERATORS)))]
    operand = {
        "scalar": scalars,
        "ordered": numbers | times | words,
        "date": times,
        "list": st.lists(scalars, min_size=1, max_size=3).map(tuple),
        "text": words.filter(bool),
        "boolean": st.booleans(),
        "duration": st.integers(1, 40).map(lambda n: timedelta(days=n)),
        "pattern": st.sampled_from(
            [
                "^A",
                "a$",
                r"^\w+$",
                "(?i)ana",
                r"\s",
                r"[\s\d]",
                ".",
                "é|á",
                r"\bboots\b",
                "[[:alpha:]]{2,3}",
                "^$",
            ]
        ),
    }[operator.operand]
    return Compare(path, operator.key, draw(operand))


def trees(leaves):
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts)))
            | st.lists(inner, min_size=1, max_size=3).map(lambda parts: Either(tuple(parts)))
            | inner.map(Not)
        ),
        max_leaves=4,
    )


def computed(collection, documents, found):
    """What MongoDB makes of each tree, for each document."""
    collection.delete_many({})
    collection.insert_many(documents)
    wanted = {f"t{number}": {"$toBool": expression(tree, now=NOW)} for number, tree in enumerate(found)}
    rows = collection.aggregate([{"$sort": {"_id": 1}}, {"$project": {"_id": 0, **wanted}}])
    return [[row[f"t{number}"] for number in range(len(found))] for row in rows]


@NOTHING_SLOW
@given(
    st.lists(states(), min_size=1, max_size=5),
    st.lists(trees(comparisons(PATHS) | dids), min_size=1, max_size=6),
)
def test_contacts(module_db, contacts, found):
    documents = []
    for number, state in enumerate(contacts):
        person = Person(id=ContactId(f"{number:024x}"), first_seen=NOON)
        documents.append(
            {
                **contact_codec.encode(
                    Contact(person, state), component=person.id, linked=False, lanes=1, now=NOW
                ),
                "identified": state.identified,
                **({"external_id": state.external_id} if state.external_id else {}),
            }
        )

    in_python = [[predicate(tree)(None, state, NOW) for tree in found] for state in contacts]

    assert in_python == computed(module_db.agreeing, documents, found)


@NOTHING_SLOW
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["price", "name", "products", "a", "a.b"]),
            anything | st.lists(st.fixed_dictionaries({"category": anything})),
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    ),
    st.lists(trees(comparisons(SAID)), min_size=1, max_size=6),
)
def test_activities(module_db, said, found):
    activities = [
        Activity(
            id=f"{number:03}",
            type="product_visited",
            stream=Key("t:t"),
            happened_at=NOON,
            received_at=NOON,
            properties=properties,
            context={"page": {"path": "/boots"}} if number % 2 else {},
        )
        for number, properties in enumerate(said)
    ]

    in_python = [[predicate(tree)(a, ContactState(), NOW) for tree in found] for a in activities]

    assert in_python == computed(module_db.agreeing, [encode_activity(a) for a in activities], found)


@pytest.mark.parametrize(
    "pattern", [r"^[\w.+-]+@example\.com$", "(?i)straße", r"a.b", r"\d{2,3}x?", r"(?:ab|cd)+$"]
)
def test_a_pattern_matches_the_same_texts(module_db, pattern):
    regex.check(pattern)
    texts = [
        *WORDS,
        "ana@example.com",
        "ana@example.com\n",
        "a\nb",
        "aXb",
        "12",
        "123x",
        "abcd",
        "abcd\n",
        "STRASSE",
        "STRAßE",
        "\v",
        "é",
    ]
    tree = Compare(Path("activity", "name"), "matches", pattern)
    documents = [{"_id": number, "properties": {"name": text}} for number, text in enumerate(texts)]
    test = predicate(tree)

    in_python = [
        [test(Activity("a", "t", Key("t:t"), NOON, NOON, properties={"name": text}), ContactState(), NOW)]
        for text in texts
    ]

    assert in_python == computed(module_db.agreeing, documents, [tree])


def test_the_present_is_that_of_the_server_unless_it_is_said(module_db):
    module_db.agreeing.delete_many({})
    module_db.agreeing.insert_one({"_id": 1, "last_seen": datetime.now(UTC) - timedelta(days=1)})
    seen = Path("contact", "last_seen", "date")

    def count(days):
        tree = Compare(seen, "within", timedelta(days=days))
        return module_db.agreeing.count_documents({"$expr": expression(tree)})

    assert (count(2), count(1)) == (1, 0)
