"""What every document does: how it is bound to a database, checked, read and written."""

import subprocess
import sys
from datetime import UTC, datetime

import mongoengine as me
import mongomock
import pytest
from mongoengine.queryset import Q
from pymongo.errors import DuplicateKeyError

from engine.db.documents.fields import Moment, PlainData
from engine.db.documents.stored import Part, Stored
from engine.errors import InvalidDocument

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Line(Part):
    text: str = me.StringField(required=True, max_length=5)


class Note(Stored):
    meta = {"collection": "notes"}
    id: str = me.StringField(primary_key=True)
    title: str = me.StringField(required=True, max_length=10)
    colour: str = me.StringField(required=True, choices=("red", "blue"), default="red")
    rank: int | None = me.IntField(min_value=0)
    at: datetime = Moment(required=True, default=NOON)
    lines: list[Line] = me.EmbeddedDocumentListField(Line)
    more: dict = PlainData()

    def clean(self) -> None:
        if self.colour == "blue" and self.rank is None:
            self.refuse("rank", "a blue note has one")


# Which database


def test_a_document_is_kept_in_the_database_that_the_call_names(mock_db):
    other = mongomock.MongoClient(tz_aware=True)["other"]

    Note.on(mock_db).insert(Note(id="n", title="here"))
    Note.on(other).insert(Note(id="n", title="there"))

    assert (Note.on(mock_db, id="n").one().title, Note.on(other, id="n").one().title) == ("here", "there")


def test_without_a_database_a_document_is_kept_nowhere():
    with pytest.raises(TypeError, match=r"write Note\.on\(db\)"):
        Note(id="n", title="lost").save()
    with pytest.raises(TypeError, match=r"write Note\.on\(db\)"):
        list(Note.objects)


@pytest.mark.parametrize(
    "module", ["engine.accounts.actor", "engine.accounts.permissions", "engine.db.connection"]
)
def test_what_every_command_imports_does_not_load_mongoengine(module):
    code = f"import sys, {module}; sys.exit('mongoengine' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What is refused


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": None}, "title"),
        ({"title": "far too long"}, "title"),
        ({"title": 7}, "title"),
        ({"colour": "green"}, "colour"),
        ({"rank": -1}, "rank"),
        ({"at": NOON.replace(tzinfo=None)}, "at"),
        ({"at": "2026-03-02"}, "at"),
        ({"more": {"$where": 1}}, "more"),
        ({"more": ["a"]}, "more"),
        ({"lines": [Line(text="ok"), Line(text="too long")]}, "lines.1.text"),
        ({"colour": "blue"}, "rank"),
    ],
    ids=str,
)
def test_a_bad_value_is_refused_by_its_field_and_nothing_is_kept(mock_db, values, field):
    with pytest.raises(InvalidDocument) as caught:
        Note.on(mock_db).insert(Note(**{"id": "n", "title": "good", **values}))

    assert (caught.value.document, caught.value.field) == ("Note", field)
    assert str(caught.value).startswith(f"Note.{field}: ")
    assert mock_db.notes.count_documents({}) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"set__colour": "green"}, "colour"),
        ({"set__title": "far too long"}, "title"),
        ({"set__title": None}, "title"),
        ({"set__at": NOON.replace(tzinfo=None)}, "at"),
        ({"max__at": NOON.replace(tzinfo=None)}, "at"),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["update", "update_one", "upsert_one", "change_one"])
def test_a_change_to_a_bad_value_is_refused_too(mock_db, by, change, field):
    Note.on(mock_db).insert(Note(id="n", title="good"))
    before = mock_db.notes.find_one()

    with pytest.raises(InvalidDocument) as caught:
        getattr(Note.on(mock_db, id="n"), by)(**change)

    assert caught.value.field == field
    assert mock_db.notes.find_one() == before


# Reading


def test_what_an_older_version_wrote_is_read_and_what_it_wrote_besides_stays(mock_db):
    mock_db.notes.insert_one({"_id": "old", "title": "a title longer than is kept now", "stars": 3})

    old = Note.on(mock_db, id="old").one()
    Note.on(mock_db, id="old").update_one(set__rank=1)

    assert (old.colour, old.rank, list(old.lines), old.more) == ("red", None, [], None)
    assert mock_db.notes.find_one() == {
        "_id": "old", "title": "a title longer than is kept now", "stars": 3, "rank": 1,
    }  # fmt: skip


def test_a_document_is_read_back_as_it_was_kept_with_times_in_utc(mock_db):
    note = Note(id="n", title="t", lines=[Line(text="one")], more={"a": {"b": [1, {"c": 2}]}})
    Note.on(mock_db).insert(note)

    read = Note.on(mock_db, id="n").one()

    assert (read.at, read.at.utcoffset().total_seconds()) == (NOON, 0)
    assert [line.text for line in read.lines] == ["one"]
    assert (type(read.more), type(read.more["a"]), read.more) == (dict, dict, note.more)


def test_what_has_no_value_is_not_kept(mock_db):
    Note.on(mock_db).insert(Note(id="n", title="t"))

    assert set(mock_db.notes.find_one()) == {"_id", "title", "colour", "at", "lines"}


# Queries and changes


@pytest.fixture
def three(mock_db):
    for rank in range(3):
        Note.on(mock_db).insert(Note(id=f"n{rank}", title="t", rank=rank))
    return mock_db


def test_queries_combine_as_in_mongoengine(three):
    found = Note.on(three, Q(rank=0) | Q(rank__gte=2), title="t").order_by("-rank")

    assert [note.id for note in found] == ["n2", "n0"]
    assert [note.id for note in found(rank__lt=2)] == ["n0"]
    assert Note.on(three).order_by("-rank").one().id == "n2"
    assert Note.on(three, rank=9).one() is None


def test_a_guarded_change_says_whether_it_was_made(three):
    assert Note.on(three, id="n0", rank=0).update_one(set__rank=5) == 1
    assert Note.on(three, id="n0", rank=0).update_one(set__rank=6) == 0
    assert Note.on(three, rank__gte=2).update(set__colour="red") == 2
    assert Note.on(three, id="n0").one().rank == 5


def test_the_first_in_order_is_changed_and_returned_as_it_is_then(three):
    changed = Note.on(three, rank__gte=1).order_by("-rank").change_one(inc__rank=10)

    assert (changed.id, changed.rank) == ("n2", 12)
    assert Note.on(three, rank=99).change_one(inc__rank=1) is None


def test_what_is_taken_is_gone(three):
    assert Note.on(three, id="n1").take().id == "n1"
    assert Note.on(three, id="n1").take() is None
    assert Note.on(three).delete() == 2


def test_the_same_again_is_kept_once(three):
    Note.on(three, id="n0").insert_once(Note(id="n0", title="another"))
    Note.on(three, id="n9").insert_once(Note(id="n9", title="new"))

    assert Note.on(three, id="n0").one().title == "t"
    assert Note.on(three, id="n9").one().title == "new"
    with pytest.raises(DuplicateKeyError):
        Note.on(three).insert(Note(id="n0", title="another"))


def test_a_document_is_put_in_the_place_of_one_that_is_as_it_was_read(three):
    assert Note.on(three, id="n1", rank=1).replace(Note(id="n1", title="after", rank=2))
    assert not Note.on(three, id="n1", rank=1).replace(Note(id="n1", title="lost", rank=2))
    assert Note.on(three, id="n1").one().title == "after"
