"""The top of the sheet, as far as it is words."""

from dashboard.listing.list_address import ListAddress
from dashboard.sheet.sheet_header import ways
from engine.domain.activities import ContactId

BEFORE, AFTER = ContactId("a" * 24), ContactId("b" * 24)


def the_list(**parameters):
    return ListAddress.read(parameters, page={})


def test_the_way_back_leads_to_the_same_page_of_the_same_list():
    found = ways(the_list(q="ana", sort="-points", after="xyz"), (None, None))

    assert 'href="?q=ana&amp;sort=-points&amp;after=xyz"' in found
    assert "← Filtered contacts" in found


def test_the_neighbours_take_the_list_along():
    found = ways(the_list(q="ana"), (BEFORE, AFTER))

    assert f'href="?contact={BEFORE}&amp;q=ana"' in found
    assert f'href="?contact={AFTER}&amp;q=ana"' in found


def test_at_an_end_of_the_list_there_is_no_way_on():
    assert ways(the_list(), (BEFORE, None)).count("aria-disabled") == 1


def test_what_somebody_wrote_into_the_address_stays_text():
    assert "<img" not in ways(the_list(q='"><img src=x onerror=alert(1)>'), (BEFORE, None))
