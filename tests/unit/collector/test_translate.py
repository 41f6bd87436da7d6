"""An event of the tracking API as an activity, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import InvalidActivity, InvalidIdentity
from tests.builders import SHIPPED
from workers.collector.bots import is_bot
from workers.collector.translate import NOT_TAKEN, Sender, translate
from workers.collector.values import MAX_DEPTH

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BROWSER = Sender(key="k", trusted=False)


def translated(event, *, sender=BROWSER, sent_at=None):
    return translate(event, sender, SHIPPED.present, received_at=NOW, sent_at=sent_at)


def tracked(name="Product Viewed", **more):
    return {"type": "track", "event": name, "anonymousId": "t1", **more}


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("Product Viewed", "product_visited"),
        ("product_viewed", "product_visited"),
        ("Order Completed", "order_completed"),
        ("order_completed", "order_completed"),
        ("Products Searched", "searched"),
        ("Email Bounced", "email_bounced"),
        ("Wishlist Shared", "Wishlist Shared"),
    ],
)
def test_names_of_the_specifications_map_and_others_are_kept(name, type_):
    assert translated(tracked(name)).type == type_


@pytest.mark.parametrize(
    ("event", "type_"),
    [
        ({"type": "page", "anonymousId": "t"}, "page_visited"),
        ({"type": "screen", "anonymousId": "t"}, "page_visited"),
        ({"type": "identify", "userId": "7"}, "identified"),
        ({"type": "alias", "previousId": "t", "userId": "7"}, "identified"),
        ({"type": "group", "userId": "7", "groupId": "g"}, "group"),
    ],
)
def test_every_kind_of_call_has_its_type(event, type_):
    assert translated(event).type == type_


def test_an_alias_says_that_a_tracker_is_a_customer():
    activity = translated({"type": "alias", "previousId": "t1", "userId": "7"})

    assert (activity.tracker, activity.identities.external_id) == ("t1", "7")


def test_traits_identify_by_email_and_phone():
    event = {
        "type": "identify",
        "anonymousId": "t",
        "traits": {"email": " Ana@EXAMPLE.com", "phone": "600 12 34 56"},
    }

    activity = translated(event)

    assert activity.identities.email == "ana@example.com"
    assert activity.identities.phone == "+34600123456"
    assert activity.stream == "e:ana@example.com"


def test_a_mails_address_identifies_whose_it_is():
    event = {"type": "track", "event": "email_bounced", "properties": {"email": "ana@example.com"}}

    assert translated(event).identities.email == "ana@example.com"


def test_an_unreadable_email_beside_an_id_is_left_out_and_said():
    activity = translated({"type": "identify", "userId": "7", "traits": {"email": "not an address"}})

    assert activity.identities.keys() == ["x:7"]
    assert "no email address" in activity.context[NOT_TAKEN]["email"]


@pytest.mark.parametrize(
    "word", ["null", "UNDEFINED", "", "  ", "0", "000", "[object Object]", "Guest", "nan"]
)
@pytest.mark.parametrize("field", ["userId", "anonymousId"])
def test_placeholders_never_identify(field, word):
    with pytest.raises(InvalidIdentity) as refused:
        translated({"type": "page", "anonymousId": "fine", field: word})

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "type"),
        ({"type": "tracked"}, "type"),
        ({"type": "track", "anonymousId": "t"}, "event"),
        ({"type": "track", "event": 5.5, "anonymousId": "t"}, "event"),
        ({"type": "track", "event": "x"}, "anonymousId"),
        ({"type": "page", "anonymousId": ["t"]}, "anonymousId"),
        ({"type": "page", "anonymousId": "t", "properties": [1]}, "properties"),
        ({"type": "identify", "userId": "7", "traits": "x"}, "traits"),
        ({"type": "page", "anonymousId": "t", "timestamp": "yesterday"}, "timestamp"),
        ({"type": "page", "anonymousId": "t", "timestamp": 17000}, "timestamp"),
        ({"type": "page", "anonymousId": "t", "messageId": "x" * 300}, "messageId"),
        ({"type": "page", "anonymousId": "t", "properties": {"a\0b": 1}}, "properties"),
        ({"type": "alias", "userId": "7"}, "previousId"),
    ],
)
def test_what_is_wrong_names_its_field(event, field):
    with pytest.raises(InvalidActivity) as refused:
        translated(event)

    assert refused.value.field == field


def test_nesting_without_end_is_refused():
    nested: dict = {}
    inner = nested
    for _ in range(MAX_DEPTH + 2):
        inner["a"] = {}
        inner = inner["a"]

    with pytest.raises(InvalidActivity):
        translated(tracked(properties=nested))


def test_numbers_beyond_64_bits_are_kept_as_text():
    assert translated(tracked(properties={"big": 2**70})).properties["big"] == str(2**70)


def test_a_time_without_a_zone_is_utc_and_one_with_is_converted():
    assert translated(tracked(timestamp="2026-03-01T10:00:00")).happened_at == datetime(
        2026, 3, 1, 10, tzinfo=UTC
    )
    assert translated(tracked(timestamp="2026-03-01T10:00:00+02:00")).happened_at.hour == 8


def test_a_sender_whose_clock_is_an_hour_ahead_is_corrected():
    ahead = timedelta(hours=1)
    event = tracked(timestamp=(NOW + ahead - timedelta(minutes=10)).isoformat())

    activity = translated(event, sent_at=NOW + ahead)

    assert activity.happened_at == NOW - timedelta(minutes=10)
    assert not activity.clamped


def test_the_way_through_the_network_is_no_clock_error():
    activity = translated(tracked(timestamp="1997-01-01T00:00:00Z"), sent_at=NOW - timedelta(seconds=1))

    assert activity.happened_at == datetime(1997, 1, 1, tzinfo=UTC)


def test_a_time_to_come_is_clamped_and_marked():
    activity = translated(tracked(timestamp="2030-01-01T00:00:00Z"))

    assert (activity.happened_at, activity.clamped) == (NOW, True)


def test_the_same_content_at_the_same_time_has_the_same_id():
    at = {"timestamp": "2026-03-01T10:00:00Z"}

    assert translated(tracked(**at)).id == translated(tracked(**at)).id
    assert translated(tracked(**at)).id != translated(tracked(**at, properties={"a": 1})).id


def test_the_senders_id_is_the_activitys():
    assert translated(tracked(messageId="m-1")).id == "m-1"


def test_a_secret_key_is_trusted():
    assert translated(tracked(), sender=Sender("k", trusted=True)).trusted


@pytest.mark.parametrize(
    ("user_agent", "bot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", True),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            False,
        ),
        ("", False),
    ],
)
def test_bots_say_so(user_agent, bot):
    assert is_bot(user_agent) is bot
    event = tracked(context={"userAgent": user_agent})
    assert translated(event).bot is bot
