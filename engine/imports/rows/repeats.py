"""Who is named twice in one file: told as its rows go by, in twelve bytes for each name.

NumPy is imported where it is used: a worker that imports nothing starts without it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from engine.domain.identities import Key

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[Any]]

LARGEST = 2_000_000
"""Names of one run: a larger one takes too much memory while it is put together."""

Run = tuple["Numbers", "Numbers"]
"""Names, sorted, as 64 bits of their hash, and the first line that gave each."""


class Names:
    """The names that rows of a file have given so far, each with the first line that gave it.

    They are kept in a few sorted runs, each at least twice as long as the next, so that what is
    new costs little however many there are.  Two threads may note rows at once.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._lock = threading.Lock()

    def note(self, rows: Iterable[tuple[int, Sequence[Key]]]) -> dict[int, int]:
        """Take in the names of rows, by line; return the lines that name somebody whom an earlier
        one has named, with the first that did.

        Rows come in the order of the file.  Noted again they are told the same.
        """
        import numpy as np

        given = [(hash(key), line) for line, keys in rows for key in keys]
        if not given:
            return {}
        names, lines = np.array(given, dtype=np.int64).T
        with self._lock:
            firsts = self._firsts(names, lines)
        earlier: dict[int, int] = {}
        again = firsts < lines
        for line, first in zip(lines[again].tolist(), firsts[again].tolist(), strict=True):
            earlier[line] = min(first, earlier.get(line, first))
        return earlier

    def _firsts(self, names: Numbers, lines: Numbers) -> Numbers:
        """The first line that gave each name, these included; names that are new are kept."""
        import numpy as np

        # Of equal names `unique` tells the place of the first: the earliest line.
        unique, places, which = np.unique(names, return_index=True, return_inverse=True)
        firsts, new = lines[places], np.ones(len(unique), dtype=bool)
        for known, first in self._runs:
            found = np.minimum(np.searchsorted(known, unique), len(known) - 1)
            there = known[found] == unique
            firsts[there] = first[found[there]]
            new &= ~there
        if new.any():
            self._keep((unique[new], firsts[new].astype(np.uint32)))
        return firsts[which]

    def _keep(self, run: Run) -> None:
        import numpy as np

        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]) <= LARGEST:
            names, lines = (np.concatenate(pair) for pair in zip(self._runs.pop(), run, strict=True))
            order = np.argsort(names)
            run = names[order], lines[order]
        self._runs.append(run)
