"""Rows that repeat a contact of the same file are found, however many rows there are."""

import random

import pytest

from engine.domain.identity.identities import Key
from engine.imports.rows import duplicate_rows
from engine.imports.rows.duplicate_rows import SeenKeys


def test_who_is_named_twice_is_found_by_any_name_and_the_first_line_is_told():
    rows = {
        2: ["x:1", "e:a"],
        3: ["e:b"],
        4: ["e:a", "p:1"],
        7: ["p:1", "e:b"],
        9: ["p:2"],
    }
    given = [(line, list(map(Key, keys))) for line, keys in rows.items()]

    names = SeenKeys()
    assert names.record(given) == {4: 2, 7: 3}
    assert names.record(given[2:]) == {4: 2, 7: 3}
    assert names.record([(12, [Key("p:2"), Key("p:1")]), (13, [])]) == {12: 4}
    assert SeenKeys().record([]) == {}


@pytest.mark.parametrize("largest", [10, 2_000_000])
def test_who_is_named_twice_is_told_the_same_however_many_rows_are_looked_at_at_once(monkeypatch, largest):
    monkeypatch.setattr(duplicate_rows, "LARGEST", largest)
    source = random.Random(3)
    given = [
        (line, [Key(f"e:{source.randint(0, 400)}"), Key(f"p:{source.randint(0, 4_000)}")])
        for line in range(2, 600)
    ]
    expected: dict[int, int] = {}
    first: dict[Key, int] = {}
    for line, keys in given:
        lines = [first.setdefault(key, line) for key in keys]
        if min(lines) < line:
            expected[line] = min(lines)

    for size in (1, 7, 600):
        names, found = SeenKeys(), {}
        for begin in range(0, len(given), size):
            found |= names.record(given[begin : begin + size])
        assert found == expected
