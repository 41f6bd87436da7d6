"""Group commit: few inserts for many requests, and a true answer for each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from engine.domain.activities import Activity
from engine.errors import Unavailable
from workers.collector import group_commit
from workers.collector.group_commit import GroupCommit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def visit(id_: str) -> Activity:
    return Activity(
        id=id_, type="page_visited", stream="t:1", happened_at=NOON, received_at=NOON, tracker="1"
    )


class Store:
    """Remembers what was inserted together; `held` makes inserts wait, `fails` makes them fail."""

    def __init__(self) -> None:
        self.inserts: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()
        self.fails: dict[str, Exception] = {}

    def keep(self, activities: Sequence[Activity]) -> None:
        self.open.wait(5)
        ids = [str(activity.id) for activity in activities]
        for id_ in ids:
            if id_ in self.fails:
                raise self.fails[id_]
        self.inserts.append(ids)


async def in_company(commit: GroupCommit, store: Store, ids: Sequence[str]) -> list[object]:
    """Send requests of one activity each that wait while earlier inserts are under way."""
    store.open.clear()
    ahead = [asyncio.create_task(commit.keep([visit(f"ahead-{n}")])) for n in range(2)]
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(commit.keep([visit(id_)])) for id_ in ids]
    await asyncio.sleep(0.05)
    store.open.set()
    await asyncio.gather(*ahead)
    return list(await asyncio.gather(*waiting, return_exceptions=True))


def test_requests_that_wait_together_go_in_together() -> None:
    async def scenario() -> None:
        store = Store()
        commit = GroupCommit(store.keep)
        assert await in_company(commit, store, ["a", "b", "c"]) == [None, None, None]
        await commit.close()
        assert ["a", "b", "c"] in store.inserts
        assert commit.waiting == 0

    asyncio.run(scenario())


def test_when_mongodb_is_away_everybody_hears_so() -> None:
    async def scenario() -> None:
        store = Store()
        store.fails["b"] = Unavailable("away")
        commit = GroupCommit(store.keep)
        answers = await in_company(commit, store, ["a", "b"])
        await commit.close()
        assert all(isinstance(answer, Unavailable) for answer in answers)
        assert commit.waiting == 0

    asyncio.run(scenario())


def test_what_cannot_be_stored_fails_alone() -> None:
    async def scenario() -> None:
        store = Store()
        store.fails["b"] = OverflowError("eight bytes")
        commit = GroupCommit(store.keep)
        first, second, third = await in_company(commit, store, ["a", "b", "c"])
        await commit.close()
        assert (first, third) == (None, None)
        assert isinstance(second, OverflowError)

    asyncio.run(scenario())


def test_a_client_that_hangs_up_takes_nobody_with_it() -> None:
    async def scenario() -> None:
        store = Store()
        commit = GroupCommit(store.keep)
        store.open.clear()
        gone, stays = (asyncio.create_task(commit.keep([visit(id_)])) for id_ in ("gone", "stays"))
        await asyncio.sleep(0.05)
        gone.cancel()
        store.open.set()
        await stays
        await commit.close()
        assert sorted(id_ for ids in store.inserts for id_ in ids) == ["gone", "stays"]

    asyncio.run(scenario())


def test_closing_keeps_what_is_waiting() -> None:
    async def scenario() -> None:
        store = Store()
        commit = GroupCommit(store.keep)
        store.open.clear()
        requests = [asyncio.create_task(commit.keep([visit(str(n))])) for n in range(5)]
        await asyncio.sleep(0.05)
        store.open.set()
        await commit.close()
        await asyncio.gather(*requests)
        assert sum(len(ids) for ids in store.inserts) == 5

    asyncio.run(scenario())


def test_when_too_much_waits_senders_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        store = Store()
        commit = GroupCommit(store.keep)
        store.open.clear()
        first = asyncio.create_task(commit.keep([visit("1"), visit("2")]))
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable):
            await commit.keep([visit("3"), visit("4")])
        store.open.set()
        await first
        await commit.close()

    monkeypatch.setattr(group_commit, "MAX_WAITING", 3)
    asyncio.run(scenario())


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_request_sent_right_after_an_answer_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    async def scenario() -> None:
        store = Store()
        commit = GroupCommit(store.keep)

        async def sender(name: str) -> None:
            for n in range(100):
                await commit.keep([visit(f"{name}-{n}")])

        async with asyncio.timeout(20):
            await asyncio.gather(*(sender(str(n)) for n in range(at_once)))
        await commit.close()
        assert sum(len(ids) for ids in store.inserts) == at_once * 100

    monkeypatch.setattr(group_commit, "INSERTS_AT_ONCE", at_once)
    asyncio.run(scenario())
