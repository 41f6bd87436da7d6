"""Making what somebody just changed take effect before the page is shown again."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard import wording
from dashboard.installation import database
from engine.contacts.editing import edit_service
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.operations import pulses
from engine.pipeline.waker import Waker

PATIENCE = 4.0
"""Seconds that a page waits for the workers; after that it is shown as it is."""


_wakers: list[Waker] = []


def use_waker(waker: Waker) -> None:
    """Hint to the workers by `waker` from now on, in the whole process."""
    _wakers[:] = [waker]


def wake(lanes: Iterable[int]) -> None:
    """Hint that lanes have work; without a waker the scheduler finds them, a little later."""
    for waker in _wakers:
        waker.wake(lanes)


def settle(lanes: Iterable[int], id_: ActivityId) -> bool:
    """Wake the lanes with an edit and wait a little; whether it has taken effect."""
    wake(lanes)
    return edit_service.wait_until_applied(database(), id_, patience=PATIENCE)


def at_work() -> bool:
    """Whether there is a worker that lives."""
    return any(pulse.kind == "worker" for pulse in pulses.alive(database(), utc_now()))


def later() -> str:
    """Why something that was kept does not show yet, in words."""
    return wording.BUSY if at_work() else wording.NO_WORKER
