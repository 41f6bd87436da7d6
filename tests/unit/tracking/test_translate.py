"""Events of the Segment API become activities; what cannot is refused with the field's name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
import pytest
from msgspec import structs

from engine.db.codecs import CODEC
from engine.domain.activities import Activity
from engine.domain.identity.identities import Identities
from engine.domain.rulebook import Ruleset
from engine.errors import InvalidActivity, InvalidIdentity
from engine.tracking.identity_signature import signed
from engine.tracking.translate import Sender

Translated = Callable[..., Activity]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVER = Sender(key="key-2", trusted=True)


@pytest.mark.parametrize(
    ("event_name", "type_"),
    [
        ("Product Viewed", "product_visited"),
        ("product viewed", "product_visited"),
        ("product_viewed", "product_visited"),
        ("  Product Viewed ", "product_visited"),
        ("Product Clicked", "product_visited"),
        ("Product List Viewed", "category_visited"),
        ("Products Searched", "searched"),
        ("Product Added", "added_to_cart"),
        ("Product Removed", "removed_from_cart"),
        ("Cart Viewed", "cart_viewed"),
        ("Checkout Started", "checkout_started"),
        ("Order Completed", "order_completed"),
        ("Order Refunded", "order_refunded"),
        ("Order Cancelled", "order_cancelled"),
        ("Product Reviewed", "product_reviewed"),
        ("Promotion Viewed", "web_content_shown"),
        ("Promotion Clicked", "web_content_clicked"),
        ("Signed Up", "registered"),
        ("Signed In", "logged_in"),
        ("Email Delivered", "email_delivered"),
        ("Email Opened", "email_opened"),
        ("Email Link Clicked", "email_clicked"),
        ("Email Bounced", "email_bounced"),
        ("Email Marked as Spam", "email_complained"),
        ("Unsubscribed", "newsletter_unsubscribed"),
        ("Wheel of Fortune Spun", "Wheel of Fortune Spun"),
    ],
)
def test_names_of_the_segment_specifications_map_to_ours(
    translated: Translated, event_name: str, type_: str
) -> None:
    assert translated(event=event_name).type == type_


def test_our_own_names_are_understood_as_they_are(translated: Translated, ruleset: Ruleset) -> None:
    for name in ruleset.catalog.types():
        assert translated(event=name).type == name


@pytest.mark.parametrize(
    ("call", "type_"),
    [
        ({"type": "page"}, "page_visited"),
        ({"type": "screen"}, "page_visited"),
        ({"type": "identify", "userId": "u-1"}, "identified"),
        ({"type": "alias", "previousId": "t-0", "userId": "u-1"}, "identified"),
        ({"type": "group", "groupId": "g-1"}, "group"),
    ],
)
def test_each_kind_of_call_is_a_type(translated: Translated, call: dict[str, Any], type_: str) -> None:
    assert translated(**call).type == type_


def test_an_activity_carries_what_its_event_said(translated: Translated) -> None:
    activity = translated(
        userId="u-1",
        properties={"product_id": "42", "price": 59.9},
        context={"ip": "192.0.2.1", "traits": {"first_name": "Ana"}},
        timestamp="2026-03-01T11:59:00Z",
    )

    assert activity == Activity(
        id="browser:m-1",
        type="product_visited",
        stream="x:u-1",
        happened_at=datetime(2026, 3, 1, 11, 59, tzinfo=UTC),
        received_at=NOON,
        tracker="t-1",
        identities=Identities(external_id="u-1"),
        properties={"product_id": "42", "price": 59.9},
        traits={"first_name": "Ana"},
        context={"ip": "192.0.2.1"},
        ruleset=7,
        source="key-1",
    )


def test_numbers_that_come_as_text_are_numbers_where_one_is_declared(translated: Translated) -> None:
    said = {"price": "59.90", "quantity": " 2 ", "name": "12", "position": "first"}

    activity = translated(userId="u-1", event="Product Viewed", properties=said)

    assert activity.properties == {
        "price": Decimal("59.90"),
        "quantity": Decimal(2),
        "name": "12",
        "position": "first",
    }


def test_only_a_secret_key_is_trusted(translated: Translated) -> None:
    assert translated(SERVER).trusted
    assert not translated().trusted


# Identities


@pytest.mark.parametrize(
    ("changes", "identities"),
    [
        ({"userId": "U-7"}, Identities(external_id="U-7")),
        ({"userId": 7}, Identities(external_id="7")),
        ({"type": "identify", "traits": {"email": " Ana@Example.COM "}}, Identities(email="ana@example.com")),
        ({"type": "identify", "traits": {"phone": "600 123 456"}}, Identities(phone="+34600123456")),
        ({"type": "identify", "traits": {"phone": 34600123456}}, Identities(phone="+34600123456")),
        ({"context": {"traits": {"email": "ana@example.com"}}}, Identities(email="ana@example.com")),
        ({"properties": {"email": "ana@example.com"}}, Identities()),
        (
            {"event": "newsletter_subscribed", "properties": {"email": "ana@example.com"}},
            Identities(email="ana@example.com"),
        ),
        ({"event": "sms_bounced", "properties": {"phone": "+34600123456"}}, Identities(phone="+34600123456")),
        (
            {
                "event": "Email Bounced",
                "properties": {"email": "old@example.com"},
                "context": {"traits": {"email": "new@example.com"}},
            },
            Identities(email="old@example.com"),
        ),
        (
            {"type": "alias", "previousId": "t-0", "userId": "u-1"},
            Identities(external_id="u-1"),
        ),
    ],
)
def test_identities_are_found_where_the_specification_has_them(
    translated: Translated, changes: dict[str, Any], identities: Identities
) -> None:
    assert translated(**changes).identities == identities


def test_an_alias_links_the_former_id_as_a_tracker(translated: Translated) -> None:
    activity = translated(type="alias", previousId="t-0", userId="u-1", anonymousId=...)

    assert (activity.tracker, activity.identities.external_id) == ("t-0", "u-1")


def test_a_groups_traits_are_not_the_persons(translated: Translated) -> None:
    activity = translated(type="group", groupId="g-1", traits={"name": "Acme", "email": "info@example.com"})

    assert activity.traits == {}
    assert activity.identities == Identities()
    assert activity.properties == {"groupId": "g-1", "name": "Acme", "email": "info@example.com"}


def test_traits_of_identify_go_before_those_of_its_context(translated: Translated) -> None:
    activity = translated(
        type="identify", traits={"city": "Vigo"}, context={"traits": {"city": "Lugo", "plan": "free"}}
    )

    assert activity.traits == {"city": "Vigo", "plan": "free"}


@pytest.mark.parametrize("field", ["userId", "anonymousId"])
@pytest.mark.parametrize(
    "placeholder",
    [
        "null",
        "None",
        "undefined",
        "NaN",
        "0",
        0,
        "unknown",
        "Guest",
        "[object Object]",
        '"null"',
        "{{user_id}}",
    ],
)
def test_a_placeholder_refuses_the_event(translated: Translated, field: str, placeholder: object) -> None:
    with pytest.raises(InvalidIdentity) as refused:
        translated(**{"userId": "u-1", field: placeholder})

    assert refused.value.field == field


BLANKS = [None, "", "  ", "\u200b", "\ufeff", [], {}]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "field",
    ["userId", "properties", "traits", "context", "timestamp", "originalTimestamp", "sentAt", "messageId"],
)
def test_a_blank_beside_a_good_id_is_absent(translated: Translated, field: str, blank: object) -> None:
    assert structs.replace(translated(**{field: blank}), id="m-1") == structs.replace(translated(), id="m-1")


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_email_or_phone_is_absent_and_not_noted(translated: Translated, blank: object) -> None:
    activity = translated(type="identify", userId="u-1", traits={"email": blank, "phone": blank})

    assert activity.identities == Identities(external_id="u-1")
    assert activity.context == {}


@pytest.mark.parametrize("blank", BLANKS)
def test_an_event_with_blank_ids_alone_is_refused(translated: Translated, blank: object) -> None:
    with pytest.raises(InvalidActivity) as refused:
        translated(anonymousId=blank, userId=blank, traits={"email": blank})

    assert refused.value.field == "anonymousId"


def test_deep_nesting_in_the_place_of_an_id_is_no_blank(translated: Translated) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]

    with pytest.raises(InvalidActivity, match="must be text, not a list"):
        translated(userId=deep)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "identify", "traits": {"email": "not an address"}}, "traits.email"),
        ({"type": "identify", "traits": {"email": "null"}}, "traits.email"),
        ({"type": "identify", "traits": {"email": ["ana@example.com"]}}, "traits.email"),
        ({"type": "identify", "traits": {"phone": "12"}}, "traits.phone"),
        ({"event": "form_submitted", "properties": {"phone": "call me"}}, "properties.phone"),
    ],
)
def test_an_unreadable_address_beside_a_tracker_is_left_out_and_noted(
    translated: Translated, changes: dict[str, Any], field: str
) -> None:
    activity = translated(**changes)

    assert activity.identities == Identities()
    assert list(activity.context["identities_not_taken"]) == [field]


def test_an_unreadable_address_alone_refuses_the_event(translated: Translated) -> None:
    with pytest.raises(InvalidIdentity) as refused:
        translated(type="identify", anonymousId=..., traits={"email": "not an address"})

    assert refused.value.field == "traits.email"


def test_a_sender_cannot_write_our_notes(translated: Translated) -> None:
    activity = translated(
        context={"identities_not_taken": {"traits.email": "forged"}, "timestamp_said": "forged"}
    )

    assert activity.context == {}


# Refusals


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"anonymousId": ...}, "anonymousId"),
        ({"anonymousId": None}, "anonymousId"),
        ({"anonymousId": {"$gt": ""}}, "anonymousId"),
        ({"anonymousId": True}, "anonymousId"),
        ({"anonymousId": "x" * 257}, "anonymousId"),
        ({"anonymousId": "a\0b"}, "anonymousId"),
        ({"userId": ["u"]}, "userId"),
        ({"userId": 1.5}, "userId"),
        ({"type": ...}, "type"),
        ({"type": "tracked"}, "type"),
        ({"type": ["track"]}, "type"),
        ({"event": ...}, "event"),
        ({"event": " "}, "event"),
        ({"event": 5.5}, "event"),
        ({"event": "x" * 201}, "event"),
        ({"event": "a\0b"}, "event"),
        ({"properties": "price"}, "properties"),
        ({"properties": [1]}, "properties"),
        ({"properties": {"a": {"b\0": 1}}}, "properties.a"),
        ({"context": 5}, "context"),
        ({"type": "identify", "traits": "Ana"}, "traits"),
        ({"messageId": {"id": 1}}, "messageId"),
        ({"messageId": "m" * 257}, "messageId"),
        ({"messageId": "m\0"}, "messageId"),
        ({"timestamp": 1_700}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00Z"}, "timestamp"),
        ({"type": "alias", "userId": "u-1"}, "previousId"),
        ({"type": "alias", "previousId": "t-0"}, "userId"),
        ({"type": "group"}, "groupId"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_the_name_of_its_field(
    translated: Translated, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises((InvalidActivity, InvalidIdentity)) as refused:
        translated(**changes)

    assert refused.value.field == field
    assert refused.value.reason


def test_operators_and_dots_in_keys_are_data(translated: Translated) -> None:
    odd = {"$where": "sleep(1)", "a.b": 1, "$gt": {"": None}, "_id": 5, "$ref": "x", "$id": 1}

    assert translated(properties=odd).properties == odd


def test_numbers_beyond_64_bits_are_kept_as_text(translated: Translated) -> None:
    activity = translated(properties={"order_id": 2**80, "low": -(2**63) - 1, "most": 2**63 - 1})

    assert activity.properties == {"order_id": str(2**80), "low": str(-(2**63) - 1), "most": 2**63 - 1}


def test_nesting_is_kept_to_fifty_and_refused_beyond(translated: Translated) -> None:
    def nested(depth: int) -> Any:
        return {} if depth == 0 else {"a": nested(depth - 1)}

    assert translated(properties=nested(50)).properties == nested(50)
    with pytest.raises(InvalidActivity, match="nested more than 50 deep"):
        translated(properties=nested(51))


# Pages


def test_a_page_carries_where_it_was_and_its_own_words_win(translated: Translated) -> None:
    activity = translated(
        type="page",
        name="Home",
        category="Shop",
        properties={"title": "Shoes"},
        context={"page": {"path": "/", "title": "Shop"}},
    )

    assert activity.properties == {"path": "/", "name": "Home", "category": "Shop", "title": "Shoes"}


# Ids


def test_without_a_message_id_the_same_content_has_the_same_id(translated: Translated) -> None:
    said = {"messageId": ..., "timestamp": "2026-03-01T10:00:00Z"}
    first = translated(**said, properties={"a": 1, "b": Decimal("0.1")})
    again = translated(**said, properties={"b": Decimal("0.1"), "a": 1}, sentAt="2026-03-01T12:00:00Z")
    other = translated(**said, properties={"a": 2, "b": Decimal("0.1")})

    assert first.id == again.id
    assert first.id != other.id


@pytest.mark.parametrize("placeholder", ["null", "undefined", "{{message_id}}", "0"])
def test_a_placeholder_is_no_message_id(translated: Translated, placeholder: str) -> None:
    first, other = (translated(messageId=placeholder, properties={"n": n}) for n in range(2))

    assert first.id != other.id


def test_without_an_id_and_a_time_what_happens_later_is_another_activity(
    translated: Translated, ruleset: Ruleset
) -> None:
    from engine.tracking.translate import translate

    event = {"type": "track", "event": "Product Viewed", "anonymousId": "t-1"}
    later = translate(event, SERVER, ruleset, received_at=NOON.replace(hour=13))

    assert translated(messageId=...).id != later.id


# Bots

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("sender", "context", "bot"),
    [
        (Sender("k", trusted=False, user_agent=GOOGLEBOT), {}, True),
        (Sender("k", trusted=False, user_agent=FIREFOX), {}, False),
        (Sender("k", trusted=False, user_agent=FIREFOX), {"userAgent": GOOGLEBOT}, True),
        (Sender("k", trusted=True, user_agent=GOOGLEBOT), {}, False),
        (Sender("k", trusted=True), {"userAgent": GOOGLEBOT}, True),
        (Sender("k", trusted=False, user_agent=FIREFOX, prefetching=True), {}, True),
        (Sender("k", trusted=False), {"userAgent": 5}, False),
        (Sender("k", trusted=False, user_agent="Python-urllib/3.12"), {}, False),
        (Sender("k", trusted=False, user_agent="python-requests/2.32.3"), {}, False),
        (Sender("k", trusted=False, user_agent="Python-urllib/3.12"), {"userAgent": FIREFOX}, False),
        (Sender("k", trusted=False, user_agent="Python-urllib/3.12"), {"userAgent": GOOGLEBOT}, True),
        (Sender("k", trusted=False, user_agent=GOOGLEBOT), {"userAgent": ""}, True),
    ],
)
def test_bots_are_known_by_the_visitors_user_agent(
    translated: Translated, sender: Sender, context: dict[str, Any], bot: bool
) -> None:
    assert translated(sender, context=context).bot is bot


# Verified identity, and names of ids


def test_a_browser_takes_no_id_of_the_server(translated: Translated) -> None:
    assert translated(messageId="order-1").id == "browser:order-1"
    assert translated(SERVER, messageId="order-1").id == "order-1"
    assert translated(SERVER, messageId="browser:order-1").id == "server:browser:order-1"


@pytest.mark.parametrize(
    ("event", "value", "key"),
    [
        ({"userId": "u-1"}, "u-1", "x:u-1"),
        ({"traits": {"email": "Ana@X.com"}, "type": "identify"}, "Ana@X.com", "e:ana@x.com"),
        ({"traits": {"email": "Ana@X.com"}, "type": "identify"}, "ana@x.com", "e:ana@x.com"),
        ({"userId": "u-1", "traits": {"email": "a@x.com"}, "type": "identify"}, "a@x.com", "e:a@x.com"),
        ({"userId": "u-2"}, "u-1", None),
        ({}, "t-1", None),
    ],
)
def test_a_signature_verifies_what_was_signed_and_nothing_else(
    translated: Translated, event: dict[str, Any], value: str, key: str | None
) -> None:
    browser = Sender(key="key-1", trusted=False, identity_secrets=("old", "ik_secret"))
    signature = signed("ik_secret", value)

    activity = translated(browser, **event, context={"identity_signature": signature, "ip": "192.0.2.1"})

    assert activity.verified == key
    assert signature not in str(activity.context), "a signature is a credential"
    assert ("identity_not_verified" in activity.context) == (key is None)


@pytest.mark.parametrize(
    "signature", ["", "x", "é" * 64, 7, None, signed("another", "u-1"), signed("", "u-1")]
)
def test_a_signature_that_does_not_match_verifies_nobody(translated: Translated, signature: Any) -> None:
    browser = Sender(key="key-1", trusted=False, identity_secrets=("ik_secret",))

    activity = translated(browser, userId="u-1", context={"identity_signature": signature})

    assert activity.verified is None


@pytest.mark.parametrize(
    ("previous", "tracker", "also"),
    [
        ("t-0", "t-0", ["x:t-0"]),
        ("Ana@x.com", None, ["e:ana@x.com"]),
        ("+34 600 123 456", None, ["p:+34600123456"]),
    ],
)
def test_the_previous_id_of_an_alias_may_be_of_any_kind(
    translated: Translated, previous: str, tracker: str | None, also: list[str]
) -> None:
    activity = translated(SERVER, type="alias", previousId=previous, userId="u-1", anonymousId=...)

    assert (activity.tracker, activity.also) == (tracker, also)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("12,50", Decimal("12.50")),
        ("1,234.50", Decimal("1234.50")),
        ("1.234,56 €", "1.234,56 €"),
        ("NaN", "NaN"),
        ("1e400", "1e400"),
        ("1e-999999", "1e-999999"),
        ("1" * 40, "1" * 40),
        ("0." + "1" * 40, "0." + "1" * 40),
    ],
)
def test_text_for_money_is_a_number_that_can_be_stored_or_stays_text(
    translated: Translated, sent, kept
) -> None:
    activity = translated(type="track", userId="u", event="Order Completed", properties={"total": sent})

    assert activity.properties == {"total": kept}
    assert bson.encode(activity.properties, codec_options=CODEC)


def test_a_declared_property_in_another_spelling_is_there_under_both(translated: Translated) -> None:
    said = {"orderId": "A-1", "Total": "12.50", "giftWrap": True}

    activity = translated(userId="u-1", event="Order Completed", properties=said)

    assert activity.properties == {**said, "order_id": "A-1", "total": Decimal("12.50")}


@pytest.mark.parametrize("name", ["Order Updated", "order_updated"])
def test_an_update_of_an_order_is_an_activity_of_its_own(translated: Translated, name) -> None:
    assert translated(userId="u-1", event=name).type == "order_updated"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Tried on\u00a0shoes", "Tried on shoes"),
        ("Rated \U0001f469\u200d\U0001f467 well", "Rated \U0001f469\u200d\U0001f467 well"),
        ("Loved \u2764\ufe0f it", "Loved \u2764\ufe0f it"),
        ("\u200f\u0634\u0631\u0627\u0621\u200e", "\u0634\u0631\u0627\u0621"),
        ("\ufeffTried \t on\n", "Tried on"),
    ],
)
def test_an_events_name_is_plain_whatever_surrounds_it(
    translated: Translated, written: str, kept: str
) -> None:
    assert translated(event=written).type == kept


def test_a_known_name_is_found_through_odd_spaces(translated: Translated) -> None:
    assert translated(event="Product\u00a0Viewed").type == translated(event="Product Viewed").type


@pytest.mark.parametrize("name", ["a\u0000b", "a\u0007b"])
def test_a_name_with_control_characters_is_refused(translated: Translated, name: str) -> None:
    with pytest.raises(InvalidActivity, match="control characters"):
        translated(event=name)


@pytest.mark.parametrize("id_", [12, 12.0, "12"])
def test_a_whole_number_is_an_id(translated: Translated, id_: object) -> None:
    assert translated(userId=id_).identities.external_id == "12"


@pytest.mark.parametrize("kind", ["Track", "TRACK", " track "])
def test_a_type_is_known_in_any_case(translated: Translated, kind: str) -> None:
    assert translated(type=kind).type == translated(type="track").type
