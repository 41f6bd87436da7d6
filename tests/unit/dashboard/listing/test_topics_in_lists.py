"""A topic is a filter in the group of its channel, and a column of the list."""

from datetime import UTC

from dashboard.listing.contact_columns import Reading, offered
from engine.contacts.contact_rows import row_from
from engine.contacts.listing.filter_bar import offered as offered_filters
from tests.builders import NOON, with_topics

TOPICS = with_topics().present


def test_a_topic_is_filtered_by_beside_the_subscription_of_its_channel():
    filters = {filter_.id: filter_ for filter_ in offered_filters(TOPICS)}

    assert [(filters[id_].label, filters[id_].group) for id_ in ("topic_offers", "topic_deals")] == [
        ("Offers and sales", "Email"), ("Deals of the day", "Mobile"),
    ]  # fmt: skip
    assert [choice.label for choice in filters["topic_offers"].choices] == [
        "Not subscribed", "Subscribed", "Unsubscribed",
    ]  # fmt: skip


def test_a_column_shows_the_state_also_of_who_never_met_the_topic():
    document = {
        "_id": "c1", "identified": True, "points": {"total": 0},
        "statuses": {"topic_deals": {"state": "unsubscribed"}, "newsletter": {"state": "subscribed"}},
    }  # fmt: skip
    row, reading = row_from(document), Reading(NOON, UTC, TOPICS)
    columns = offered(TOPICS)

    cells = [columns[id_].cell(row, reading).text for id_ in ("topic_offers", "topic_deals")]

    assert cells == ["not subscribed", "unsubscribed"]
    assert columns["topic_offers"].label == "Offers and sales"
