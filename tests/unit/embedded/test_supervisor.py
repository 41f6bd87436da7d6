"""What `sheets up` says while it starts."""

import threading

from workers.embedded.supervisor import notify_if_slow


def test_a_start_that_takes_long_says_why():
    said, told = [], threading.Event()

    def say(message):
        said.append(message)
        told.set()

    with notify_if_slow(say, after=0.01):
        assert told.wait(10)

    assert "up to date" in said[0]


def test_a_quick_start_says_nothing():
    said = []
    with notify_if_slow(said.append, after=30):
        pass

    assert not said
    assert not [
        thread
        for thread in threading.enumerate()
        if isinstance(thread, threading.Timer) and not thread.finished.is_set()
    ]
