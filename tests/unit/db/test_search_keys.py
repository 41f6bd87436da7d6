"""What a name is found by."""

import pytest

from engine.db.search_keys import MAX_NAME, MAX_WORDS, search_words, searchable


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("Ana", "Ruiz", ["ana ruiz", "ruiz"]),
        ("José María", "de la Peña", ["de la pena", "jose maria de la pena", "la pena", "maria de la pena", "pena"]),
        ("Zoë", "Fernández-Villaverde", ["fernandez-villaverde", "villaverde", "zoe fernandez-villaverde"]),
        ("Seán", "O'Brien", ["brien", "o'brien", "sean o'brien"]),
        ("  Bo   Li ", None, ["bo li", "li"]),
        ("名前", None, ["名前"]),
        ("★", None, ["★"]),
        (None, None, []),
    ],
)  # fmt: skip
def test_a_name_is_found_by_each_of_its_words(first, last, words):
    assert search_words({"first_name": first, "last_name": last}) == words


def test_an_endless_name_is_found_by_its_beginning():
    words = search_words({"first_name": "very " * 1_000})

    assert len(words) <= MAX_WORDS
    assert max(map(len, words)) <= MAX_NAME


@pytest.mark.parametrize(("typed", "kept"), [(" PEÑA  y ", "pena y"), ("Straße", "strasse"), ("", "")])
def test_what_is_typed_is_read_as_names_are_kept(typed, kept):
    assert searchable(typed) == kept
