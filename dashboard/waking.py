"""Making what somebody just changed take effect before the page is shown again."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from dashboard import wording
from dashboard.installation import database, instance
from engine.contacts.editing import edits
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.operations import pulses
from workers.tasks.actors import drain_actor
from workers.tasks.broker import Waker, make_broker

PATIENCE = 4.0
"""Seconds that a page waits for the workers; after that it is shown as it is."""


@st.cache_resource(show_spinner=False)
def waker() -> Waker:
    """What tells the workers of work, one for the whole dashboard."""
    return Waker(drain_actor(make_broker(instance().broker_url)).send)


def settle(lanes: Iterable[int], id_: ActivityId) -> bool:
    """Wake the lanes with an edit and wait a little; whether it has taken effect."""
    waker().wake(lanes)
    return edits.until_applied(database(), id_, patience=PATIENCE)


def at_work() -> bool:
    """Whether there is a worker that lives."""
    return any(pulse.kind == "worker" for pulse in pulses.alive(database(), utc_now()))


def later() -> str:
    """Why something that was kept does not show yet, in words."""
    return wording.BUSY if at_work() else wording.NO_WORKER
