"""Published versions as they are kept."""

import pytest
from pymongo.errors import DuplicateKeyError

from engine.errors import InvalidDocument
from engine.rules import versions
from engine.rules.versions import RulesetFile, RulesetVersion, Version, VersionNotFound
from engine.settings import CONFIG_DIR
from tests.builders import NOON


def a_version(number=1, **values):
    texts = {"scoring.yaml": "rules: []\n", "segments.yaml": ""}
    return Version(number, texts, NOON, "Ana", "first", **values)


def test_a_version_is_read_back_as_it_was_published(mock_db):
    version = a_version(
        3, since={"keen-on-shoes": NOON}, upkeep=3, kept_from=2, filling=True, put_away=["vip"]
    )

    versions.keep(mock_db, version)

    read = versions.stored_version(mock_db, 3)
    assert read == version
    assert (type(read.since), type(read.put_away)) == (dict, list)


def test_a_number_is_given_to_one_version(mock_db):
    versions.keep(mock_db, a_version())

    with pytest.raises(DuplicateKeyError):
        versions.keep(mock_db, a_version())


def test_the_history_begins_with_the_newest(mock_db):
    for number in (1, 2, 3):
        versions.keep(mock_db, a_version(number))

    assert [version.number for version in versions.history(mock_db)] == [3, 2, 1]
    with pytest.raises(VersionNotFound, match="no version 4"):
        versions.stored_version(mock_db, 4)


def test_the_shipped_rules_are_the_first_version_of_an_empty_database_alone(mock_db):
    versions.publish_first(mock_db, CONFIG_DIR, now=NOON)
    versions.keep(mock_db, a_version(2))

    versions.publish_first(mock_db, CONFIG_DIR, now=NOON)

    assert [version.number for version in versions.history(mock_db)] == [2, 1]


def test_a_version_that_an_older_product_kept_is_read(mock_db):
    mock_db.rulesets.insert_one(
        {
            "_id": 1, "files": [{"name": "scoring.yaml", "text": "", "size": 0}], "published_at": NOON,
            "published_by": "Ana", "message": "first", "filled": [1], "mood": "good",
        }
    )  # fmt: skip

    version = versions.stored_version(mock_db, 1)

    assert version == Version(1, {"scoring.yaml": ""}, NOON, "Ana", "first", put_away=[])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"id": 0}, "id"),
        ({"files": []}, "files"),
        ({"files": [RulesetFile(name="scoring.yaml")]}, "files.0.text"),
        ({"files": [RulesetFile(name="a.yaml", text=""), RulesetFile(name="a.yaml", text="")]}, "files"),
        ({"published_by": None}, "published_by"),
        ({"kept_from": 2}, "kept_from"),
        ({"recomputed": 2}, "recomputed"),
    ],
    ids=["number", "no files", "no text", "twice the same", "author", "kept from", "recomputed"],
)
def test_a_version_that_makes_no_sense_is_refused_by_its_field(mock_db, values, field):
    document = RulesetVersion.of(a_version())
    for name, value in values.items():
        setattr(document, name, value)

    with pytest.raises(InvalidDocument) as caught:
        RulesetVersion.on(mock_db).insert(document)

    assert caught.value.field == field
