"""Work done once after the dashboard's start, so that the first pages are fast."""

from __future__ import annotations

import importlib
import pkgutil
import time

import structlog
from pymongo.errors import PyMongoError
from streamlit import runtime

import dashboard
from dashboard.running_instance import account
from engine.errors import Unavailable
from engine.garbage import pass_over_present

TIMEOUT = 60.0
"""Seconds until Streamlit should have started; without it, pages cannot be imported without warnings."""

_SCRIPT = "dashboard.app"
"""The script that Streamlit runs for each page; importing it would run it."""

log = structlog.get_logger()


def warm_up() -> None:
    """Once Streamlit runs, import all pages, compile the rules, and freeze the garbage collector.

    A collection stops every page while it runs.  To go through all modules takes it a tenth of a
    second and more, and finds nothing.
    """
    deadline = time.monotonic() + TIMEOUT
    while not runtime.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    for module in pkgutil.walk_packages(dashboard.__path__, f"{dashboard.__name__}."):
        if module.name != _SCRIPT:
            importlib.import_module(module.name)
    try:
        account()
    except (PyMongoError, Unavailable) as error:
        log.warning("the first page will compile the rules", error=str(error)[:200])
    pass_over_present()
