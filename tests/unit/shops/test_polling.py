"""How far a poll moves on, whatever happens while it reads."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from engine.shops.fetching import polling
from engine.shops.fetching.pages import Page
from engine.shops.fetching.polling import Polled
from engine.shops.fetching.storing import StoredPage
from engine.shops.shops import ShopRecord
from tests.builders import NOON, minutes

SHOP = ShopRecord("s1", "magento", "Zapatos", "", NOON)


def read(monkeypatch, cursor, pages, *, at):
    """Read a stream whose pages come at times, in minutes from noon; return the cursor after it."""
    now, moved = iter(at), dict(cursor)
    api = SimpleNamespace(
        streams=("orders",), overlap=timedelta(minutes=10), page=lambda *_a, **_k: pages.pop(0)
    )
    monkeypatch.setattr(polling, "store", lambda *_a, **_k: StoredPage(0, 0, frozenset()))
    monkeypatch.setattr(polling.versions, "current", lambda _db: None)
    monkeypatch.setattr(polling.shops, "set_cursor", lambda _db, _shop, change: moved.update(change))
    last = [NOON]

    def clock():
        last[0] = minutes(next(now, 10_000))
        return last[0]

    polling._read(
        None, SimpleNamespace(id=SHOP.id, created_at=NOON, cursor=cursor), api, "orders", Polled(),
        lambda _lanes: None, clock=clock, stopped=lambda: len(pages) == 0,
    )  # fmt: skip
    return moved


def page(latest, place="", *, is_last=False):
    return Page([], 1, place, is_last, minutes(latest))


def test_what_changed_behind_the_place_while_a_poll_was_interrupted_is_read_by_the_next(monkeypatch):
    begun = read(monkeypatch, {}, [page(-60, "100")], at=[0])
    # For two hours the shop does not answer; order 5, which lies behind the place, changes at 60 minutes.
    ended = read(monkeypatch, begun, [page(115, "200"), page(119, is_last=True)], at=[120, 120])

    assert ended["poll_orders"]["since"] <= minutes(60)


def test_a_date_to_come_does_not_end_all_polls(monkeypatch):
    ended = read(monkeypatch, {}, [page(9_000, is_last=True)], at=[0])

    assert ended["poll_orders"]["since"] == NOON
