"""How much memory the embedded MongoDB is given, and its password."""

import pytest

from engine.errors import Unavailable
from workers.embedded.mongod import Mongod, fitting_cache

GB = 1024**3


@pytest.mark.parametrize(("memory", "cache"), [(1, 0.25), (4, 1.0), (16, 4.0), (256, 8.0)])
def test_the_cache_is_a_quarter_of_the_memory_within_bounds(memory, cache):
    assert fitting_cache(memory * GB) == cache


def test_there_is_a_cache_for_this_machine():
    assert 0.25 <= fitting_cache() <= 8.0


def test_an_empty_password_file_is_refused(tmp_path):
    (tmp_path / "mongodb.password").write_text("\n")

    with pytest.raises(Unavailable, match=r"mongodb\.password is empty"):
        Mongod(tmp_path)
