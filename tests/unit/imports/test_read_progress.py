"""A file that says how far it has been read."""

import gzip
import io

from engine.imports.reading.formats import Format
from engine.imports.reading.read_progress import ReadProgress
from engine.imports.reading.table import read_table


def test_it_counts_what_is_read_each_time_it_is_opened():
    content = b"email\n" + b"".join(b"p%d@x.com\n" % n for n in range(1_000))
    watched = ReadProgress(lambda: io.BytesIO(content))

    rows = list(read_table(watched, Format()).rows)
    list(read_table(watched, Format()).rows)

    assert len(rows) == 1_000
    assert watched.read >= 2 * len(content)


def test_a_packed_file_counts_as_it_is_packed():
    packed = gzip.compress(b"email\n" + b"a@x.com\n" * 10_000)
    watched = ReadProgress(lambda: io.BytesIO(packed))

    rows = list(read_table(watched, Format()).rows)

    assert len(rows) == 10_000
    assert watched.read < 3 * len(packed) + 100
