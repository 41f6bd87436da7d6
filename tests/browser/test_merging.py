"""A marketer merges contacts, regrets it and undoes it, in a real browser; nothing is lost."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, rows, send, settled, track


def visits(browser, number):
    return [
        {
            "type": "track",
            "anonymousId": browser,
            "event": "Product Viewed",
            "properties": {"name": f"Hat {n}"},
        }
        for n in range(number)
    ]


def identified(user, email, last, browser=None):
    traits = {"email": email, "firstName": "Pat", "lastName": last}
    event = {"type": "identify", "userId": user, "traits": traits}
    return event if browser is None else {**event, "anonymousId": browser}


@pytest.fixture
def pair(instance):
    """Two contacts of one name, with three visits and an order, and the id that marks them."""
    mark = uuid4().hex[:8]
    sent = [
        identified(f"{mark}-1", f"{mark}.one@example.com", f"One{mark}", browser=f"{mark}-laptop"),
        *visits(f"{mark}-laptop", 3),
        identified(f"{mark}-2", f"{mark}.two@example.com", f"Two{mark}"),
        track(f"{mark}-2", "Order Completed", order_id=f"M-{mark}", total=80, currency="EUR"),
    ]
    send(instance, sent)
    instance.sheets("wait", "--timeout", "60")
    return mark


def found(instance, mark):
    listed = [instance.json("contact", "show", f"{mark}.{who}@example.com") for who in ("one", "two")]
    return {row["id"]: row for row in listed}


def merge_dialog(page, instance, mark):
    """Select both contacts on the list and press Merge; the preview that opens."""
    page.goto(f"{instance.dashboard}/?q={mark}")
    expect(rows(page)).to_have_count(2)
    for number in range(2):
        page.locator(".row:not(.head) .tick input").nth(number).click()
    page.get_by_role("button", name="Merge", exact=True).click()
    return page.get_by_role("dialog")


def test_two_contacts_are_merged_and_the_merge_is_undone(page, instance, pair):
    before = found(instance, pair)
    dialog = merge_dialog(page, instance, pair)
    expect(dialog.get_by_role("region", name="Comparison")).to_contain_text(f"{pair}.one@example.com")
    picture(page, "merge-preview")
    dialog.get_by_role("button", name="Merge", exact=True).click()

    expect(page.get_by_text(re.compile("was merged into"))).to_be_visible()
    [merged] = found(instance, pair).values()
    assert merged["activities"] == sum(row["activities"] for row in before.values()) + 1
    assert merged["commerce"]["orders"] == 1

    page.goto(f"{instance.dashboard}/?contact={merged['id']}")
    page.get_by_role("button", name=re.compile("^Undo the merge of|^Undo merge")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="Comparison")).to_be_visible()
    picture(page, "merge-undo")
    dialog.get_by_role("button", name="Undo merge").click()
    expect(page.get_by_text("The merge was undone.")).to_be_visible()

    after = found(instance, pair)
    assert after.keys() == before.keys()
    for id_, row in before.items():
        assert after[id_]["commerce"] == row["commerce"]
        assert after[id_]["points"]["total"] == row["points"]["total"]


def test_a_merge_that_was_a_mistake_is_undone_at_once(page, instance, pair):
    before = found(instance, pair)
    merge_dialog(page, instance, pair).get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text(re.compile("was merged into"))).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()

    expect(page.get_by_text(re.compile("^Undone"))).to_be_visible()
    assert found(instance, pair).keys() == before.keys()


def test_a_device_is_split_off_and_taken_back(page, instance, pair):
    [id_] = [id_ for id_, row in found(instance, pair).items() if row["email"].startswith(f"{pair}.one")]
    whole = found(instance, pair)[id_]
    page.goto(f"{instance.dashboard}/?contact={id_}")
    page.get_by_role("button", name=re.compile("^Split off")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Split off", exact=True).click()
    expect(page.get_by_text("The browser or app was split off.")).to_be_visible()
    settled(page)
    left = found(instance, pair)[id_]
    assert whole["activities"] - left["activities"] >= 2, "its three visits left, the decision came"

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text(re.compile("^Undone"))).to_be_visible()
    assert found(instance, pair)[id_]["points"]["total"] == whole["points"]["total"]


def test_a_suggested_merge_is_dismissed_suggested_again_and_merged(page, instance):
    mark = uuid4().hex[:8]
    for number, who in ((1, "one"), (2, "two")):
        send(instance, [identified(f"{mark}-{number}", f"{mark}.{who}@example.com", mark)])
    send(instance, [{"type": "alias", "previousId": f"{mark}-1", "userId": f"{mark}-2"}])
    instance.sheets("wait", "--timeout", "60")
    page.goto(f"{instance.dashboard}/?page=merges")
    card = page.locator('[class*="st-key-merges-card-"]', has_text=f"{mark}.one@example.com")
    expect(card).to_have_count(1)
    picture(page, "merges-suggested")
    card.get_by_role("button", name="Not the same person").click()
    expect(page.get_by_text("Dismissed. This pair is not suggested again.")).to_be_visible()
    expect(card).to_have_count(0)

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text(re.compile("^Suggested again"))).to_be_visible()
    expect(card).to_have_count(1)
    settled(page)
    card.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text(re.compile("was merged into"))).to_be_visible()
    assert len(found(instance, mark)) == 1
