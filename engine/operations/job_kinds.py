"""Which kinds of jobs there are: every module of the engine that is named `…_job`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import engine


@cache
def find_job_kinds() -> None:
    """Import the modules that do jobs, so that each registers its kind; a process calls it once."""
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if module.name.endswith("_job"):
            importlib.import_module(module.name)
