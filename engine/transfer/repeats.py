"""Who is named twice in one file: found in one pass, in twelve bytes for each name.

NumPy is imported where it is used: a worker that imports nothing starts without it.
"""

from __future__ import annotations

import hashlib
import io
from array import array
from collections.abc import Iterable, Mapping

from engine.core.activities import Key


class Repeats:
    """The lines that name somebody whom an earlier line has named, and that earlier line."""

    def __init__(self, earlier: Mapping[int, int]) -> None:
        self._earlier = earlier

    def __len__(self) -> int:
        return len(self._earlier)

    def earlier(self, line: int) -> int | None:
        """The first line that names one whom `line` names; unset if that is itself."""
        return self._earlier.get(line)

    def encode(self) -> bytes:
        """As bytes, to be kept for whoever goes on with the file."""
        import numpy as np

        packed = io.BytesIO()
        np.save(packed, np.array(sorted(self._earlier.items()), dtype=np.uint32).reshape(-1, 2))
        return packed.getvalue()

    @classmethod
    def decode(cls, packed: bytes) -> Repeats:
        import numpy as np

        pairs = np.load(io.BytesIO(packed), allow_pickle=False)
        return cls(dict(pairs.tolist()))


class Names:
    """Collects who is named in which line.  Names are compared by 64 bits of their digest."""

    def __init__(self) -> None:
        self._digests = array("Q")
        self._lines = array("I")

    def add(self, line: int, keys: Iterable[Key]) -> None:
        for key in keys:
            digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
            self._digests.append(int.from_bytes(digest, "little"))
            self._lines.append(line)

    def repeats(self) -> Repeats:
        """All that were found, once the file has been read."""
        import numpy as np

        digests = np.array(self._digests, dtype=np.uint64)
        lines = np.array(self._lines, dtype=np.uint32)
        order = np.lexsort((lines, digests))
        digests, lines = digests[order], lines[order]
        begins = np.ones(len(digests), dtype=bool)
        begins[1:] = digests[1:] != digests[:-1]
        firsts = lines[np.maximum.accumulate(np.where(begins, np.arange(len(digests)), 0))]
        again = lines != firsts
        earlier: dict[int, int] = {}
        for line, first in zip(lines[again].tolist(), firsts[again].tolist(), strict=True):
            earlier[line] = min(first, earlier.get(line, first))
        return Repeats(earlier)
