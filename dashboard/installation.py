"""The one place where the pages get their database from."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pymongo.database import Database

from engine.settings import Instance, locate
from engine.store import rulesets
from engine.store.connection import connect


@st.cache_resource(show_spinner=False)
def instance() -> Instance:
    """The running instance."""
    return locate()


@st.cache_resource(show_spinner=False)
def database() -> Database[dict[str, Any]]:
    """The database of the running instance, opened once for the whole dashboard."""
    return connect(instance().mongodb_uri, instance().database, app="dashboard")


def time_zone() -> Any:
    """The time zone in which the account's people read dates."""
    return rulesets.current(database()).account.time_zone
