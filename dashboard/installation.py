"""The one place where the pages get their database from."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pymongo.database import Database

from engine.settings import locate
from engine.store import rulesets
from engine.store.connection import connect


@st.cache_resource(show_spinner=False)
def database() -> Database[dict[str, Any]]:
    """The database of the running instance, opened once for the whole dashboard."""
    instance = locate()
    return connect(instance.mongodb_uri, instance.database, app="dashboard")


def time_zone() -> Any:
    """The time zone in which the account's people read dates."""
    return rulesets.current(database()).account.time_zone
