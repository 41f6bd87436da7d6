"""Points, statuses and the order of happening."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.domain.identity.identities import Key
from engine.errors import FoldFailed
from engine.rules.ruleset import read_folder
from engine.settings import CONFIG_DIR
from tests.arrival import Living
from tests.builders import (
    an_activity,
    by_hand,
    days,
    folded,
    id_of,
    identified,
    imported,
    minutes,
    rules,
    the_contact,
)

ONE_RULE = """
rules:
  - {{id: shoes, name: Shoes, on: product_visited, points: 5, {more}}}
"""


def scored(activities, more="when: {activity.category: shoes}", **kwargs):
    return the_contact(activities, rules(scoring=ONE_RULE.format(more=more)), **kwargs).state.points


def visited(at, category="shoes", **more):
    return an_activity("product_visited", at, category=category, **more)


def test_a_rule_scores_what_meets_its_condition():
    points = scored([visited(minutes(0)), visited(minutes(1), "hats")])

    assert (points.total, points.changed_at) == (5, minutes(0))


def test_a_limit_counts_by_the_accounts_day():
    settings_ = "account: {time_zone: Europe/Madrid}"
    book = rules(scoring=ONE_RULE.format(more="limit: {times: 2, per: day}"), settings=settings_)
    # 22:30 and 23:30 UTC are two days in Madrid in winter.
    times = [minutes(n) for n in (600, 610, 620, 690)]

    assert the_contact([visited(at) for at in times], book).state.points.total == 15


def test_once_is_once_over_both_sides_of_a_merge():
    book = rules(scoring=ONE_RULE.format(more="limit: once"))
    settled = folded(
        [
            identified(minutes(0), email="ana@x.com"),
            visited(minutes(1), email="ana@x.com"),
            visited(minutes(2), tracker="t1"),
            identified(minutes(3), tracker="t1", email="ana@x.com"),
        ],
        book,
    )

    [contact] = settled.contacts.values()
    assert contact.state.points.total == 5
    assert len(settled.ledger) == 1


def test_points_expire_at_their_time_and_the_change_is_dated():
    activities = [visited(days(0)), visited(days(1))]

    points = scored(activities, more="expires_after: 30d", until=days(30))

    assert (points.total, points.changed_at) == (5, days(30))


def test_bots_score_nothing_and_are_not_seen():
    contact = the_contact([visited(minutes(0), bot=True)])

    assert contact.state.points.total == 0
    assert contact.state.last_seen is None
    assert contact.state.activities == 1


def test_every_point_has_its_entry():
    settled = folded([an_activity("added_to_cart", minutes(n), product_id="a", price=60) for n in range(4)])

    [contact] = settled.contacts.values()
    assert sum(entry.points for entry in settled.ledger) == contact.state.points.total == 30
    assert {entry.rule for entry in settled.ledger} == {"cart", "big-basket"}


def status(activities, machine):
    return the_contact(activities).state.statuses[machine].state


def bounce(at, message, kind="permanent"):
    return an_activity("email_bounced", at, email="a@x.com", message_id=message, bounce=kind, trusted=True)


def test_three_attempts_that_bounce_make_an_address_bounced():
    assert status([bounce(minutes(n), f"m{n}") for n in range(2)], "email_status") == "active"
    assert status([bounce(minutes(n), f"m{n}") for n in range(3)], "email_status") == "bounced"


def test_one_attempt_that_bounces_three_times_counts_once():
    assert status([bounce(minutes(n), "m") for n in range(3)], "email_status") == "active"


def test_a_failure_that_says_nothing_of_the_address_does_not_count():
    assert status([bounce(minutes(n), f"m{n}", kind="policy") for n in range(5)], "email_status") == "active"


@pytest.mark.parametrize(
    ("code", "counts"),
    [("5.1.1", True), ("4.2.2", True), ("5.4.4", True), ("550", True), ("5.7.1", False), ("4.3.2", False), ("5.6.0", False), ("5.5.2 x", False)],
)  # fmt: skip
def test_what_the_code_of_a_bounce_blames_decides_whether_it_counts(code, counts):
    run = [an_activity("email_bounced", minutes(n), email="a@x.com", message_id=f"m{n}", bounce="permanent", code=code, trusted=True) for n in range(3)]  # fmt: skip

    assert status(run, "email_status") == ("bounced" if counts else "active")


def test_the_line_that_is_off_by_default_lets_one_permanent_bounce_be_enough():
    shipped = read_folder(CONFIG_DIR)["transitions.yaml"]
    line = (
        "      - {on: email_bounced, from: [active, paused], to: bounced, when: {activity.bounce: permanent}}"
    )
    turned_on = rules(transitions=shipped.replace(line.replace("- {", "# - {", 1), line).split("\ntests:")[0])

    def after(*activities):
        return the_contact(activities, turned_on).state.statuses["email_status"].state

    assert after(bounce(minutes(0), "m", kind="temporary")) == "active"
    assert after(bounce(minutes(0), "m", kind="policy")) == "active"
    assert after(bounce(minutes(0), "m")) == "bounced"


def test_a_sign_of_life_begins_the_count_anew():
    opened = an_activity("email_opened", minutes(2), email="a@x.com", message_id="m1", trusted=True)
    activities = [bounce(minutes(0), "m0"), bounce(minutes(1), "m1"), opened, bounce(minutes(3), "m3")]

    contact = the_contact(activities)

    assert contact.state.mail.failures == 1
    assert contact.state.statuses["email_status"].state == "active"


def test_a_new_address_begins_anew():
    gone = [bounce(minutes(n), f"m{n}") for n in range(3)]
    known = [identified(minutes(-1), external_id="7", email="a@x.com", trusted=True)]
    new = identified(minutes(9), external_id="7", email="b@x.com", trusted=True)

    contact = the_contact([*known, *gone, new])

    assert contact.state.statuses["email_status"].state == "active"
    assert contact.state.mail.failures == 0


def test_a_complaint_blocks_and_unsubscribes():
    activities = [
        an_activity("newsletter_subscribed", minutes(0), email="a@x.com"),
        an_activity("email_complained", minutes(1), email="a@x.com", trusted=True),
    ]

    assert status(activities, "email_status") == "blocked"
    assert status(activities, "newsletter") == "unsubscribed"


# A no is never lost


def refused(at, type_="newsletter_unsubscribed", id_="no", **more):
    return an_activity(type_, at, id_=id_, **{"email": "a@x.com", **more})


YES = {
    "a file": lambda at: imported(at, email="a@x.com", newsletter="subscribed"),
    "a browser": lambda at: an_activity("newsletter_subscribed", at, email="a@x.com"),
}
NO = {
    "itself": refused,
    "a complaint": lambda at: refused(at, "email_complained", trusted=True),
    "a user": lambda at: by_hand("e:a@x.com", at, newsletter="unsubscribed"),
    "a file": lambda at: imported(at, email="a@x.com", newsletter="unsubscribed"),
}
KNOWN = [identified(minutes(-9), email="a@x.com", trusted=True)]


@pytest.mark.parametrize("no", NO)
@pytest.mark.parametrize("yes", YES)
@pytest.mark.parametrize("was_subscribed", [True, False])
def test_a_refusal_holds_against_files_and_browsers_whatever_was_before(no, yes, was_subscribed):
    before = [an_activity("newsletter_subscribed", minutes(-5), email="a@x.com", trusted=True)]
    history = [*KNOWN, *(before if was_subscribed else []), NO[no](minutes(0)), YES[yes](minutes(5))]

    assert status(history, "newsletter") == "unsubscribed"


@pytest.mark.parametrize("no", NO)
def test_a_newer_yes_of_the_contact_itself_or_by_hand_counts(no):
    itself = an_activity("newsletter_subscribed", minutes(5), email="a@x.com", trusted=True)
    manual = by_hand("e:a@x.com", minutes(5), newsletter="subscribed", reason="asked by phone")

    assert status([*KNOWN, NO[no](minutes(0)), itself], "newsletter") == "subscribed"
    assert status([*KNOWN, NO[no](minutes(0)), manual], "newsletter") == "subscribed"


def test_a_refusal_after_an_import_outlives_the_undoing_of_the_import():
    file = structs.replace(imported(minutes(0), email="a@x.com", newsletter="subscribed"), id="row")
    taken_back = by_hand("e:a@x.com", minutes(9), undoes="row")

    assert status([*KNOWN, file, refused(minutes(5)), taken_back], "newsletter") == "unsubscribed"


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("unclaimed", [(), ("yes",), ("no",), ("yes", "no")])
def test_of_a_yes_and_a_no_at_the_same_time_the_no_holds(ids, unclaimed):
    def of(name):
        return {"tracker": "t1", "email": None} if name in unclaimed else {"email": "a@x.com"}

    known = identified(minutes(-9), email="a@x.com", tracker="t1", trusted=True)
    yes = an_activity("newsletter_subscribed", minutes(0), id_=ids[0], trusted=True, **of("yes"))
    no = refused(minutes(0), id_=ids[1], **of("no"))

    assert status([known, yes, no], "newsletter") == "unsubscribed"
    assert status([known, no, yes], "newsletter") == "unsubscribed"


def test_no_rule_subscribes_who_refused():
    eager = rules(
        scoring="rules: [{id: r, name: R, on: page_visited, effects: [{move: {newsletter: subscribed}}]}]"
    )
    visit = an_activity(at=minutes(5), email="a@x.com")

    lapsed = the_contact([*KNOWN, refused(minutes(0)), visit], eager)
    fresh = the_contact([*KNOWN, visit], eager)

    assert lapsed.state.statuses["newsletter"].state == "unsubscribed"
    assert fresh.state.statuses["newsletter"].state == "subscribed"


# Deliverability by hand


def test_pausing_keeps_the_run_of_failures_and_lifting_a_bounce_begins_anew():
    paused = by_hand("e:a@x.com", minutes(3), email_status="paused")
    run = [bounce(minutes(n), f"m{n}") for n in range(2)]
    assert status([*KNOWN, *run, paused, bounce(minutes(4), "m4")], "email_status") == "bounced"

    three = [bounce(minutes(n), f"m{n}") for n in range(3)]
    lifted = by_hand("e:a@x.com", minutes(5), email_status="active", reason="a new mailbox")
    assert status([*KNOWN, *three, lifted, bounce(minutes(6), "m6")], "email_status") == "active"


@pytest.mark.parametrize("said", [{}, {"code": "5.1.1"}, {"email_id": "e"}])
def test_bounces_count_in_whatever_form_they_are_reported(said):
    def notices(attempts):
        return [
            an_activity("email_bounced", minutes(n), email="a@x.com", trusted=True, **said, **attempt)
            for n, attempt in enumerate(attempts)
        ]

    apart = [{"email_id": f"e{n}"} if "email_id" in said else {} for n in range(3)]
    said = {name: value for name, value in said.items() if name != "email_id"}

    assert status(notices(apart), "email_status") == "bounced"
    assert status(notices([{"email_id": "one mail"}] * 3), "email_status") == "active"


def test_a_late_older_subscription_does_not_undo_a_newer_end():
    first = an_activity("newsletter_subscribed", minutes(0), email="a@x.com")
    end = an_activity("newsletter_unsubscribed", minutes(5), email="a@x.com")
    late = an_activity("newsletter_subscribed", minutes(3), email="a@x.com")

    assert status([first, end, late], "newsletter") == "unsubscribed"


def test_push_is_enabled_while_one_device_is():
    on = [an_activity("push_subscribed", minutes(n), email="a@x.com", device_id=f"d{n}") for n in range(2)]
    off = [
        an_activity("push_unsubscribed", minutes(5 + n), email="a@x.com", device_id=f"d{n}") for n in range(2)
    ]

    assert status([*on, off[0]], "push") == "enabled"
    assert status([*on, *off], "push") == "not_enabled"


@pytest.mark.parametrize("named", [{"endpoint": "https://push/1"}, {"device_id": "d1"}])
def test_a_device_goes_by_its_endpoint_or_by_its_name(named):
    on = an_activity(
        "push_subscribed", minutes(0), email="a@x.com", device_id="d1", endpoint="https://push/1"
    )
    off = an_activity("push_unsubscribed", minutes(1), email="a@x.com", **named)

    assert status([on], "push") == "enabled"
    assert status([on, off], "push") == "not_enabled"


def test_the_end_of_an_endpoint_that_a_device_has_replaced_does_not_disable_it():
    old, new = (
        an_activity(
            "push_subscribed", minutes(n), email="a@x.com", device_id="d1", endpoint=f"https://push/{n}"
        )
        for n in range(2)
    )
    gone = an_activity("push_unsubscribed", minutes(5), email="a@x.com", endpoint="https://push/0")

    assert status([old, new, gone], "push") == "enabled"


def test_an_activity_that_cannot_be_folded_is_named():
    broken = an_activity(
        "order_completed", products=[{"product_id": "a", "price": "1", "quantity": "1"}], total=1
    )
    bad = an_activity("added_to_cart")
    bad.properties["products"] = _Explosive()

    with pytest.raises(FoldFailed) as failure:
        folded([broken, bad])

    assert failure.value.activity_id == bad.id


class _Explosive(list):
    def __iter__(self):
        raise RuntimeError("boom")


# Any order, any batches, any repetition


PEOPLE = ("ana@x.com", "bob@x.com", "eva@x.com", *(f"p{n}@x.com" for n in range(5)))
TRACKERS = ("t1", "t1", "t1", "t2", "t3")
TYPES = (
    "page_visited", "product_visited", "added_to_cart", "removed_from_cart", "order_completed", "order_updated",
    "order_refunded",
    "newsletter_subscribed", "newsletter_unsubscribed", "email_bounced", "email_opened", "identified",
)  # fmt: skip


@st.composite
def histories(draw):
    """Activities of a few people over a few browsers, some at the very same time."""
    size = draw(st.integers(1, 20))
    return [_drawn(draw, number) for number in range(size)]


def _drawn(draw, number):
    if draw(st.integers(0, 11)) == 0:
        stream = draw(st.sampled_from(["t:t1", "t:t2", "e:ana@x.com", "x:1"]))
        at = days(draw(st.sampled_from([0.2, 0.5, 1, 2])))
        return structs.replace(by_hand(stream, at, "contact_deleted"), id=f"h{number}")
    if draw(st.integers(0, 5)) == 0:
        return _by_a_file(draw, number)
    if draw(st.integers(0, 6)) == 0:
        return _decided(draw, number)
    email = draw(st.sampled_from([None, None, None, *PEOPLE]))
    external_id = draw(st.sampled_from([None, None, None, "1", "2"]))
    tracker = draw(st.sampled_from([*TRACKERS, None]))
    if email is None and external_id is None and tracker is None:
        tracker = "t1"
    trusted = draw(st.booleans())
    sent = an_activity(
        draw(st.sampled_from(TYPES)),
        days(draw(st.sampled_from([0, 0, 0.2, 0.4, 0.5, 0.5, 1, 2, 3]))),
        id_=f"h{number}" if trusted else f"browser:h{number - 1}",  # now and then the server sends it, too
        tracker=tracker,
        email=email,
        external_id=external_id,
        trusted=trusted,
        verified=draw(st.sampled_from([None, None, "x:1", "e:ana@x.com"])),
        traits=draw(st.sampled_from([{}, {"first_name": "A"}, {"first_name": "B", "city": "C"}])),
        product_id=draw(st.sampled_from(["p", "q"])),
        order_id=draw(st.sampled_from(["o1", "o2"])),
        message_id=f"m{number}",
        price=60,
        total=draw(st.sampled_from(["10.10", "99"])),
        bounce="permanent",
    )
    return structs.replace(sent, source="key")


KEYS = ("t:t1", "t:t2", "e:ana@x.com", "e:bob@x.com", "x:1", "x:2")


def _decided(draw, number):
    """A user joins, separates or splits contacts, or an alias says that two ids are one person's."""
    at = days(draw(st.sampled_from([0.2, 0.5, 1, 2])))
    one, other = draw(st.sampled_from(KEYS)), draw(st.sampled_from(KEYS))
    type_ = draw(
        st.sampled_from(["contacts_joined", "merge_undone", "tracker_split", "activities_split", "alias"])
    )
    if type_ == "alias":
        external_id, trusted = draw(st.sampled_from(["1", "2"])), draw(st.booleans())
        id_ = f"h{number}" if trusted else f"browser:h{number - 1}"
        alias = an_activity("identified", at, id_=id_, external_id=external_id, also=[other], trusted=trusted)
        return structs.replace(alias, source="key")
    made = by_hand(
        one, at, type_, loser=id_of(other), winner=id_of(one), cause=f"h{max(0, number - 2)}",
        activities=[f"h{number - 1}", f"h{number - 3}"],
    )  # fmt: skip
    if type_ == "tracker_split":
        other = draw(st.sampled_from(["t:t1", "t:t2"]))
    return structs.replace(made, id=f"h{number}", also=[Key(other)])


def _by_a_file(draw, number):
    """A row of a file, what it says of a subscription at its own date, or the taking back of one."""
    at = days(draw(st.sampled_from([0, 0.2, 0.5, 1, 2])))
    stream = draw(st.sampled_from(["", "e:ana@x.com", "x:1", "t:t1"]))
    if number and stream and draw(st.booleans()):
        undone = f"h{draw(st.integers(0, number - 1))}"
        return structs.replace(by_hand(stream, at, undoes=undone), id=f"h{number}")
    return imported(
        at,
        draw(st.sampled_from(["contact_imported", "newsletter_subscribed", "newsletter_unsubscribed"])),
        id_=f"h{number}",
        stream=stream,
        email=draw(st.sampled_from(PEOPLE[:3])),
        external_id=draw(st.sampled_from([None, "2", "3"])),
        traits=draw(st.sampled_from([{}, {"first_name": "F"}])),
        newsletter=draw(st.sampled_from(["subscribed", "unsubscribed"])),
    )


@settings(max_examples=300, deadline=None)
@given(history=histories(), data=st.data())
def test_any_order_any_batches_and_any_repetition_make_the_same_contacts(history, data):
    shuffled = data.draw(st.permutations(history))
    repeated = [*shuffled, *data.draw(st.lists(st.sampled_from(history), max_size=5))]
    size = data.draw(st.integers(1, 5))

    quiet = Living()
    quiet.receive(history)
    lively = Living()
    for start in range(0, len(repeated), size):
        lively.receive(repeated[start : start + size])

    assert lively.picture() == quiet.picture()


@settings(max_examples=300, deadline=None)
@given(history=histories())
def test_every_activity_is_on_the_timeline_of_one_contact_where_it_counts(history):
    history = [activity for activity in history if not activity.deletes]
    people = [contact.person for contact in folded(history).contacts.values()]
    streams = {span.key for person in people for span in person.spans}

    # No user and no file changes a contact in a stream that nobody ever sent anything in.
    for activity in (activity for activity in history if activity.stream in streams):
        holders = [person.id for person in people if _is_on_timeline(person, activity)]
        assert len(holders) == 1, (activity.id, holders)


def _is_on_timeline(person, activity):
    if activity.id in person.taken_over or activity.id in person.split_off:
        return activity.id in person.taken_over
    return any(span.covers(activity.stream, activity.happened_at) for span in person.spans)
