"""What is done again and again, and when."""

from workers.tasks.rhythm import Every


def test_it_is_due_at_once_and_then_each_time_after_so_long():
    now = [100.0]
    every = Every(5.0, clock=lambda: now[0])

    due = []
    for at in (100.0, 100.1, 104.9, 105.0, 105.1, 130.0, 131.0):
        now[0] = at
        due.append(every.is_due())

    assert due == [True, False, False, True, False, True, False]
