"""The running instance as the pages see it: its database and settings, its account, time zone and today."""

from __future__ import annotations

import os
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from engine.db import Db
from engine.db.connection import connect, utc_now
from engine.domain.rulebook import Account
from engine.environment import read_environment
from engine.operations.job_kinds import find_job_kinds
from engine.rules import versions
from engine.settings import Instance, Settings, locate

_served: list[tuple[Instance, Settings]] = []


def use_installation(instance: Instance, settings: Settings) -> None:
    """Set the running instance for the whole process."""
    _served[:] = [(instance, settings)]


def settings() -> Settings:
    """The settings of this process; read from the environment if Streamlit runs without our server."""
    return _served[0][1] if _served else read_environment(os.environ).settings()


@st.cache_resource(show_spinner=False)
def instance() -> Instance:
    """The running instance."""
    return _served[0][0] if _served else locate(settings())


@st.cache_resource(show_spinner=False)
def database() -> Db:
    """The database of the running instance; one connection pool for the whole dashboard."""
    find_job_kinds()
    return connect(instance().mongodb_uri, instance().database, app="dashboard", watchful=True)


def account() -> Account:
    """The account settings, as last published."""
    return versions.current(database()).account


def time_zone() -> ZoneInfo:
    """The account's time zone."""
    return account().time_zone


def today() -> date:
    """Today's date in the account's time zone."""
    return utc_now().astimezone(time_zone()).date()
