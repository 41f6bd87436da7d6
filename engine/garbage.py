"""How often the garbage collector looks, and at what: seldom, where thousands of contacts are folded."""

from __future__ import annotations

import gc

ALLOCATIONS = 50_000
"""So many more objects made than dropped before the young ones are looked at.

A batch of contacts makes objects by the ten thousand, keeps them until it is written and drops
them all, nearly none of them in circles: with Python's 700 a tenth of a fold's time goes
into looking at them again and again.
"""


def collect_seldom() -> None:
    """Let this process look for garbage seldom, and never at what is there by now.

    Called when a process that folds has read the rules and imported what it needs.
    """
    pass_over_present()
    gc.set_threshold(ALLOCATIONS, 20, 100)


def pass_over_present() -> None:
    """Let this process never look for garbage at what is there by now."""
    gc.collect()
    gc.freeze()
