"""A database that an older version left."""

import pytest

from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.db.connection import utc_now
from engine.db.search_keys import SEARCH_FIELDS
from engine.errors import InvalidRules
from engine.insights import daily, daily_lines
from engine.operations import upgrades
from engine.operations.preparation import prepare
from engine.rules import versions
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from tests.builders import an_activity, bought, days, identified, imported, minutes
from tests.integration.drained import drain_all, receive_and_drain
from tests.prepared import forget_databases

WISHLIST = "Wishlist Product Added to Cart"


@pytest.fixture
def older(db):
    """Contacts that lack what they are listed by, under the indexes of then."""
    receive_and_drain(
        db,
        [
            an_activity(tracker="t", agent="Firefox"),
            an_activity(at=minutes(3), tracker="t"),
            identified(minutes(1), email="ana@x.com", traits={"name": "Ána Ruiz"}),
            identified(minutes(2), email="bob@x.com", phone="+34600123456"),
            identified(minutes(4), email="cleo@x.com", phone="+34600123457", tracker="c", agent="Chrome"),
            identified(minutes(5), email="cleo@x.com", tracker="d", agent="Safari"),
        ],
    )
    now = list(db.contacts.find())
    db.contacts.update_many({}, {"$unset": dict.fromkeys(SEARCH_FIELDS, "")})
    db.contacts.update_many(
        {"trackers.0": {"$exists": True}},
        {"$unset": {"trackers.$[].seen": "", "trackers.$[].agent": ""}},
    )
    db.installation.delete_many({"_id": {"$in": ["findable", "names", "away", "devices"]}})
    db.contacts.create_index([("segments.$**", 1)])
    return db, now


def test_contacts_get_what_they_are_found_by_and_their_devices_what_they_are(older):
    db, now = older

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    assert list(db.contacts.find()) == now
    assert listing.page(db, Listing(where={"mobile_phone": {"exists": True}})).total.count == 2


def test_names_are_found_by_each_word_and_without_accents(db):
    receive_and_drain(db, [identified(minutes(0), email="ana@x.com", traits={"name": "Ána de la Peña"})])
    now = list(db.contacts.find())
    db.contacts.update_one({}, {"$set": {"names": ["ána", "ána de la peña", "de la peña"]}})
    db.installation.delete_one({"_id": "names"})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    assert list(db.contacts.find()) == now
    for typed in ("pena", "Peña", "de la", "ana de"):
        assert listing.page(db, Listing(search=typed)).total.count == 1


def test_contacts_that_only_get_mails_are_marked_as_away(db):
    receive_and_drain(
        db,
        [
            an_activity(tracker="here"),
            an_activity(tracker="away"),
            an_activity("email_sent", days(8), tracker="away"),
            an_activity("email_sent", tracker="never"),
        ],
    )
    now = list(db.contacts.find())
    db.contacts.update_many({}, {"$unset": {"facets.away": ""}})
    db.installation.delete_one({"_id": "away"})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    assert list(db.contacts.find()) == now
    assert db.contacts.count_documents({"facets.away": True}) == 2


def test_an_index_that_another_replaced_is_dropped(older):
    db, _ = older

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    assert "segments.$**_1" not in db.contacts.index_information()


def test_a_second_time_nothing_is_changed(older):
    db, _ = older
    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    db.contacts.update_one({}, {"$unset": {"facets": ""}})
    before = list(db.contacts.find())

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    assert list(db.contacts.find()) == before


def test_indexes_that_others_have_replaced_cost_no_write_any_more(db):
    there = set(db.contacts.index_information())
    db.contacts.create_index("component")
    db.contacts.create_index("names", partialFilterExpression={"names": {"$exists": True}})
    db.contacts.create_index([("lane", 1), ("upkeep", 1)])
    db.contacts.create_index([("$**", 1)], wildcardProjection={"facets": 1}, name="members_facets_custom")

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    assert set(db.contacts.index_information()) == there
    assert not there & set(upgrades.RETIRED["contacts"])


def test_an_account_without_a_declared_currency_keeps_that_of_its_first_order(db):
    version = versions.stored_version(db, 1)
    text = version.texts["settings.yaml"].replace("currency: EUR", "# none")
    db.rulesets.update_one({"_id": 1, "files.name": "settings.yaml"}, {"$set": {"files.$.text": text}})
    db.installation.delete_one({"_id": "currency"})
    db.installation.insert_one({"_id": "first_currency", "value": "USD"})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()

    assert versions.current(db).account.currency == "USD"
    assert versions.stored_version(db, 1).texts["settings.yaml"].startswith(text[:200])


def test_orders_and_carts_are_folded_again_and_updates_of_orders_are_known(db):
    bought_by_ana = an_activity(
        "order_completed", email="ana@x.com", orderId="a", total="12,50", trusted=True
    )
    corrected = an_activity(
        "order_updated", minutes(1), email="ana@x.com", orderId="a", total=20, trusted=True
    )
    receive_and_drain(db, [bought_by_ana, corrected, an_activity(at=minutes(2), tracker="t")])
    now = list(db.contacts.find({}, {"v": 0, "folded_at": 0}))
    db.contacts.update_many({"email": "ana@x.com"}, {"$set": {"commerce.spent": 0, "commerce.orders": 2}})
    text = versions.stored_version(db, 1).texts["activities.yaml"]
    older_text = text.replace("  order_updated:", "  order_altered:").replace(f", {WISHLIST}]", "]")
    db.rulesets.update_one({"files.name": "activities.yaml"}, {"$set": {"files.$.text": older_text}})
    db.installation.delete_one({"_id": "orders"})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()
    drain_all(db)

    assert list(db.contacts.find({}, {"v": 0, "folded_at": 0})) == now
    catalog = versions.current(db).catalog
    assert catalog.type_of("Order Updated") == "order_updated"
    assert catalog.label("order_updated") == "Order updated"
    assert catalog.type_of(WISHLIST) == "added_to_cart"


def test_orders_of_before_get_their_lines_and_are_counted_by_product(db):
    shoes = [{"product_id": "s", "name": "Shoes", "price": 5}]
    placed = bought("5", email="ana@x.com", order_id="a", products=shoes, trusted=True)
    receive_and_drain(db, [placed])
    db.contacts.update_many({}, {"$unset": {"commerce.book.0.lines_in": ""}})
    db.installation.delete_one({"_id": "order_lines"})
    db.stale_hours.delete_many({})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    drain_all(db)
    while daily.refresh(db, clock=utc_now):
        pass

    assert db.contacts.find_one()["commerce"]["book"][0]["lines_in"] == placed.id
    account = versions.current(db).account
    [sold] = daily_lines.sold_lines(
        db, placed.happened_at.date(), placed.happened_at.date(), account
    ).by_revenue
    assert (sold.id, sold.revenue) == ("s", 5)


def test_rules_without_rfm_get_the_shipped_categories_and_those_with_their_own_keep_them(db):
    rules = db.rulesets.find_one({"_id": 1})
    files = [file for file in rules["files"] if file["name"] != "rfm.yaml"]
    for file in files:
        if file["name"] == "activities.yaml":
            before, ours, after = file["text"].partition("  rfm_changed:\n")
            file["text"] = before + after[after.index("  points_changed:\n") :]
            assert ours and "rfm_changed" not in file["text"]
    db.rulesets.update_one({"_id": 1}, {"$set": {"files": files}})
    db.installation.delete_one({"_id": "rfm"})

    upgrades.upgrade(db)

    after = {file["name"]: file["text"] for file in db.rulesets.find_one({"_id": 1})["files"]}
    ruleset = compile_ruleset(after)
    assert len(ruleset.rfm.categories) == 11
    assert ruleset.catalog.label("rfm_changed") == "RFM category changed"

    db.rulesets.update_one({"_id": 1, "files.name": "rfm.yaml"}, {"$set": {"files.$.text": "# none\n"}})
    db.installation.delete_one({"_id": "rfm"})
    upgrades.upgrade(db)
    after = {file["name"]: file["text"] for file in db.rulesets.find_one({"_id": 1})["files"]}
    assert after["rfm.yaml"] == "# none\n"


def test_refusals_that_were_lost_are_kept_and_rules_of_ones_own_are_left(db):
    no = an_activity("newsletter_unsubscribed", email="ana@x.com", trusted=True)
    receive_and_drain(db, [no, imported(minutes(5), email="ana@x.com", newsletter="subscribed")])
    shipped = versions.stored_version(db, 1).texts["transitions.yaml"]
    older_text = (
        shipped.replace("from: [not_subscribed, subscribed], to: unsubscribed}", "from: subscribed, to: unsubscribed}")
        .replace("from: [not_subscribed, subscribed], to: unsubscribed, when: {activity.newsletter", "from: subscribed, to: unsubscribed, when: {activity.newsletter", 1)
    )  # fmt: skip
    assert older_text.count("from: subscribed, to: unsubscribed") == 4
    db.rulesets.update_one({"files.name": "transitions.yaml"}, {"$set": {"files.$.text": older_text}})
    db.contacts.update_many({}, {"$set": {"statuses.newsletter.state": "subscribed"}})
    db.installation.delete_one({"_id": "refusals"})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()
    drain_all(db)

    assert db.contacts.find_one()["statuses"]["newsletter"]["state"] == "unsubscribed"
    assert versions.stored_version(db, 1).texts["transitions.yaml"] == shipped


def test_the_transitions_of_version_0_9_get_all_that_is_shipped_now():
    shipped = read_folder(CONFIG_DIR)["transitions.yaml"]
    line = "      - {{on: {0}_unsubscribed, from: not_subscribed, to: unsubscribed, when: {{activity.source: import}}}}\n"
    before = shipped.replace(
        "from: [not_subscribed, subscribed], to: unsubscribed", "from: subscribed, to: unsubscribed"
    )
    before = before.replace(
        "{on: contact_imported, from: subscribed, to: un", "{on: contact_imported, from: [not_subscribed, subscribed], to: un"
    )  # fmt: skip
    for channel, after in (("newsletter", "\n  mobile_status:"), ("sms", "\n  push:")):
        before = before.replace(after, line.format(channel) + after)

    assert upgrades.with_refusals(before) == shipped


def without_types(text, *types):
    for type_ in types:
        before, _, after = text.partition(f"  {type_}:\n")
        text = before + after[after.index("\n  ") + 1 :] if after.startswith("    ") else text
        while text[len(before) :].startswith("    "):
            text = before + text[len(before) :].partition("\n")[2]
    return text


LACKING = ("email_deferred", "email_auto_replied", "push_unsubscribed")


def with_activities(db, change):
    texts = versions.stored_version(db, 1).texts["activities.yaml"]
    changed = change(texts)
    assert changed != texts
    db.rulesets.update_one({"files.name": "activities.yaml"}, {"$set": {"files.$.text": changed}})
    db.installation.delete_one({"_id": upgrades.labels_step()})
    forget_databases()


def test_types_that_we_rely_on_get_their_labels_and_then_name_their_contact(db):
    with_activities(db, lambda text: without_types(text, *LACKING))
    assert versions.current(db).catalog.identified_by("email_deferred") == ()

    for _ in range(2):
        prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()

    ours, shipped = (
        [(c.label(t), c.icon(t), c.identified_by(t), c.properties(t)) for t in LACKING]
        for c in (versions.current(db).catalog, compile_ruleset(read_folder(CONFIG_DIR)).catalog)
    )
    assert ours == shipped
    assert ours[0][0] == "Email delayed"


def test_types_that_are_added_leave_what_is_wrong_already_no_worse(db):
    own = "  own_bounce: {label: Returned, colour: blue}\n"
    with_activities(db, lambda text: without_types(text, "email_bounced", *LACKING) + own)

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()

    texts = versions.stored_version(db, 1).texts
    with pytest.raises(InvalidRules) as refused:
        compile_ruleset(texts)
    assert len(refused.value.problems) == 1, "the unknown key of the shop's own type"
    assert all(f"  {type_}:" in texts["activities.yaml"] for type_ in LACKING)


def test_a_type_of_the_shops_own_keeps_its_words(db):
    with_activities(db, lambda text: text.replace("label: Email delayed", "label: Mail waits"))

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()

    assert versions.current(db).catalog.label("email_deferred") == "Mail waits"


def test_devices_of_before_know_their_endpoint(db):
    on = an_activity("push_subscribed", email="ana@x.com", device_id="d", endpoint="https://push/1")
    receive_and_drain(db, [on])
    db.contacts.update_many({}, {"$unset": {"push_endpoints": ""}})
    db.installation.delete_one({"_id": "push"})

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    drain_all(db)

    assert db.contacts.find_one()["push_endpoints"][0]["device"] == "d"


def without_names(text):
    """The activities as an older version shipped them: without the names of GA4 and the types they brought."""
    older = without_types(text, *upgrades.NAMED_TYPES)
    return older.replace(", purchase]", "]").replace(", view_cart]", "]").replace("add_to_cart]", "more]")


def with_older_names(db, change):
    with_activities(db, change)
    db.installation.delete_one({"_id": upgrades.names_step()})


def test_rules_of_before_know_the_names_of_events_and_the_types_they_brought(db):
    with_older_names(db, without_names)
    assert versions.current(db).catalog.type_of("purchase") == "purchase"

    for _ in range(2):
        prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()

    ours, shipped = versions.current(db).catalog, compile_ruleset(read_folder(CONFIG_DIR)).catalog
    for name in ("purchase", "view_cart", "addToCart", "Coupon Applied", "Product Shared"):
        assert ours.type_of(name) == shipped.type_of(name) != name
    described = [
        [(c.label(t), c.icon(t), c.properties(t)) for t in sorted(upgrades.NAMED_TYPES)]
        for c in (ours, shipped)
    ]
    assert described[0] == described[1]


def test_a_name_that_the_shop_gives_to_a_type_of_its_own_stays_there(db):
    own = (
        "  purchase: {label: Bought in the store}\n"
        "  wish: {label: Wished for, segment_names: [Product Added to Wishlist]}\n"
        "  couponapplied: {label: Voucher}\n"
    )
    with_older_names(db, lambda text: without_names(text) + own)

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    forget_databases()

    catalog = versions.current(db).catalog
    assert catalog.type_of("Purchase") == "purchase"
    assert catalog.type_of("product_added_to_wishlist") == "wish"
    assert catalog.type_of("add_to_wishlist") == "added_to_wishlist"
    assert catalog.type_of("Coupon Applied") == "couponapplied"
    assert catalog.label("coupon_denied") == "Coupon denied"
