"""Wake the workers after an edit and wait briefly until it is applied."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from dashboard import wording
from dashboard.running_instance import database
from engine.contacts.editing import edit_service
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.operations import pulses
from engine.pipeline.waker import Waker

TIMEOUT = 4.0
"""Seconds that a page waits for the workers; after that it is shown as it is."""


_wakers: list[Waker] = []


def set_waker(waker: Waker) -> None:
    """Hint to the workers by `waker` from now on, in the whole process."""
    _wakers[:] = [waker]


def wait_until_applied(lanes: Iterable[int], id_: ActivityId) -> bool:
    """Wake the lanes with an edit and wait up to TIMEOUT; whether it has been applied.

    Without a waker the scheduler finds the lanes, a little later.
    """
    for waker in _wakers:
        waker.wake(lanes)
    return edit_service.wait_until_applied(database(), id_, patience=TIMEOUT)


def wait_or_notify(lanes: Iterable[int], id_: ActivityId) -> None:
    """Wait until an edit has been applied; say in a toast why it does not show, if it has not."""
    if not wait_until_applied(lanes, id_):
        st.toast(pending_notice())


def has_live_worker() -> bool:
    """Whether a worker is alive."""
    return any(pulse.kind == "worker" for pulse in pulses.alive(database(), utc_now()))


def pending_notice() -> str:
    """Why an edit that was saved does not show yet, in words."""
    return wording.BUSY if has_live_worker() else wording.NO_WORKER
