"""Tuning of the garbage collector: rare collections in processes that fold thousands of contacts."""

from __future__ import annotations

import gc

ALLOCATIONS = 50_000
"""Net allocations before a collection of the young generation.

A batch of contacts makes objects by the ten thousand, keeps them until it is written and drops
them all, nearly none of them in circles: with Python's 700 a tenth of a fold's time goes
into looking at them again and again.
"""


def collect_seldom() -> None:
    """Collect garbage rarely in this process, and never the objects that exist now.

    Called when a process that folds has read the rules and imported what it needs.
    """
    pass_over_present()
    gc.set_threshold(ALLOCATIONS, 20, 100)


def pass_over_present() -> None:
    """Exclude the objects that exist now from garbage collection."""
    gc.collect()
    gc.freeze()
