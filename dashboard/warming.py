"""What the dashboard does once, so that its first page is quick, and every page after it."""

from __future__ import annotations

import importlib
import pkgutil
import time

import structlog
from pymongo.errors import PyMongoError
from streamlit import runtime

import dashboard
from dashboard.installation import account
from engine.errors import Unavailable
from engine.garbage import pass_over_present

PATIENCE = 60.0
"""Seconds until Streamlit should have begun; without it, pages cannot be imported without warnings."""

_SCRIPT = "dashboard.app"
"""What Streamlit runs for each page; imported, it would run by itself."""

log = structlog.get_logger()


def warm_up() -> None:
    """Once Streamlit runs, import all pages, compile the rules, and let the garbage collector forget
    what is there then.

    While it looks through everything nobody's page goes on.  To look through all modules takes a
    tenth of a second and more, and finds nothing.
    """
    deadline = time.monotonic() + PATIENCE
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
