"""Find rows that repeat a contact of the same file, while the file is read: twelve bytes for each key.

NumPy is imported where it is used: a worker that imports nothing starts without it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from engine.domain.identity.identities import Key

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[Any]]

LARGEST = 2_000_000
"""Keys of one run; merging a larger one takes too much memory."""

Run = tuple["Numbers", "Numbers"]
"""64-bit hashes of keys, sorted, and the first line of each."""


class SeenKeys:
    """The keys of the rows read so far, each with the first line that had it.

    They are stored in a few sorted runs, each at least twice as long as the next, so that new keys are
    cheap however many there are (a log-structured merge).  Two threads may record rows at once.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._lock = threading.Lock()

    def record(self, rows: Iterable[tuple[int, Sequence[Key]]]) -> dict[int, int]:
        """Record the keys of rows, by line; return the lines that repeat a key of an earlier one, with that.

        Rows come in the order of the file.  Recorded again, they give the same answer.
        """
        import numpy as np

        pairs = [(hash(key), line) for line, keys in rows for key in keys]
        if not pairs:
            return {}
        hashes, lines = np.array(pairs, dtype=np.int64).T
        with self._lock:
            firsts = self._firsts(hashes, lines)
        earlier: dict[int, int] = {}
        repeated = firsts < lines
        for line, first in zip(lines[repeated].tolist(), firsts[repeated].tolist(), strict=True):
            earlier[line] = min(first, earlier.get(line, first))
        return earlier

    def _firsts(self, hashes: Numbers, lines: Numbers) -> Numbers:
        """The first line of each key, these included; stores the keys that are new."""
        import numpy as np

        # Of equal hashes `unique` returns the index of the first: the earliest line.
        unique, indexes, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        firsts, new = lines[indexes], np.ones(len(unique), dtype=bool)
        for known, first in self._runs:
            found = np.minimum(np.searchsorted(known, unique), len(known) - 1)
            there = known[found] == unique
            firsts[there] = first[found[there]]
            new &= ~there
        if new.any():
            self._store((unique[new], firsts[new].astype(np.uint32)))
        return firsts[inverse]

    def _store(self, run: Run) -> None:
        import numpy as np

        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]) <= LARGEST:
            hashes, lines = (np.concatenate(pair) for pair in zip(self._runs.pop(), run, strict=True))
            order = np.argsort(hashes)
            run = hashes[order], lines[order]
        self._runs.append(run)
