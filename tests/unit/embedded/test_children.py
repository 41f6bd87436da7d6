"""When a child is started again."""

import subprocess
import sys

import pytest

from workers.embedded.children import BACK_OFF, Child, back_off, ending
from workers.embedded.ports import free_port, is_free


def test_each_death_waits_longer_up_to_a_limit():
    waits = [back_off(deaths) for deaths in range(1, 12)]

    assert waits == sorted(waits)
    assert waits[0] == BACK_OFF[0]
    assert waits[-1] == BACK_OFF[-1]


@pytest.mark.parametrize(("status", "words"), [(-9, "killed by signal 9"), (48, "exit status 48")])
def test_an_ending_is_said_in_words(status, words):
    assert ending(status) == words


def test_a_child_that_died_is_said_and_started_again(tmp_path, monkeypatch):
    said = []
    child = Child(
        "brief", lambda: subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]), tmp_path / "log"
    )
    child.begin()
    first = child.process
    first.wait()

    child.tend(said.append)
    assert child.process is None
    child.start_at = 0.0
    child.tend(said.append)

    assert "brief ended (exit status 3)" in said[0]
    assert child.process is not None and child.process.pid != first.pid
    child.end()


def test_a_free_port_is_free():
    assert is_free(free_port())
