"""Threads that read the same kind of row for the first time do not crash the process."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

READ_IN_THREADS = """
import sys, threading, time
from datetime import UTC, datetime
import msgspec
from engine.domain.contact import ContactState

sys.setswitchinterval(1e-6)
now = datetime.now(UTC)
row = {
    "first_seen": now, "last_seen": now, "points": {"total": 3},
    "statuses": {"newsletter": {"state": "subscribed"}},
    "commerce": {"book": [{"id": "1"}], "orders": 1}, "mail": {"failing": ["a"]},
}

def read(number):
    time.sleep(number * float(sys.argv[1]))
    msgspec.convert(row, ContactState)

threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("apart", ["0.0002", "0.0005", "0.001", "0.002"])
def test_threads_that_read_their_first_contact_together_do_not_crash(apart):
    ended = subprocess.run([sys.executable, "-c", READ_IN_THREADS, apart], cwd=ROOT, check=False)

    assert ended.returncode == 0


def test_every_type_that_rows_are_read_into_is_preloaded_where_it_is_declared_or_part_of_one_that_is():
    sources = [
        path.read_text()
        for folder in ("engine", "workers", "dashboard")
        for path in (ROOT / folder).rglob("*.py")
    ]

    read_into = {name for text in sources for name in re.findall(r"msgspec\.convert\(.*, (\w+)\)", text)}
    preloaded = {name for text in sources for name in re.findall(r"^preload\((\w+)\)$", text, re.MULTILINE)}
    parts = {"Commerce", "Identities"}

    assert read_into - parts == preloaded
    assert not [text for text in sources if re.search(r"(json|msgpack)\.decode\(.*type=", text)]
