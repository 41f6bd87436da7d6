"""Documents of the small collections: read, checked and written through MongoEngine.

`User.on(db)` is what MongoEngine calls `User.objects`, for one database: it works with that
database's client, codec and write concern.  MongoEngine's own register of connections, one
for the whole process, stays empty, as pages, routes and tests work on several databases at
the same time.

The hot paths (pipeline, lists, exports) use PyMongo on the same collections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar

import mongoengine as me
from mongoengine.queryset import Q, QuerySet, transform
from pymongo import ReturnDocument

from engine.db import Db
from engine.errors import InvalidDocument

D = TypeVar("D", bound="Stored")


class Documents(QuerySet, Generic[D]):
    """The documents of one collection that match a query: MongoEngine's query set, checked as it writes.

    Its updates look at types and at `choices` and `required` too, which MongoEngine's do not;
    `clean`, which sees a whole document, is for `insert`, `insert_once` and `replace` alone.
    All raise InvalidDocument, and PyMongo's own errors: by their labels and codes transactions
    are repeated and timeouts distinguished from faults, unlike MongoEngine's own errors.
    """

    if TYPE_CHECKING:  # MongoEngine has no types

        def __call__(self, q_obj: Q | None = None, **query: object) -> Documents[D]: ...
        def __iter__(self) -> Iterator[D]: ...
        def limit(self, n: int) -> Documents[D]: ...
        def order_by(self, *names: str) -> Documents[D]: ...

    def one(self) -> D | None:
        """Return the first document in order; unset for none."""
        return self._read(self._collection.find_one(self._query, sort=self._ordering))

    def insert(self, document: D) -> None:
        """Keep a new document; raise DuplicateKeyError if a unique value is taken."""
        self._collection.insert_one(document.checked())

    def insert_once(self, document: D) -> None:
        """Keep a new document unless one matches the query.

        Raises DuplicateKeyError if another than those that match has a unique value of it,
        or has been kept in the same moment.
        """
        self._collection.update_one(self._query, {"$setOnInsert": document.checked()}, upsert=True)

    def replace(self, document: D) -> bool:
        """Replace the first matching document; false if none matches."""
        return bool(self._collection.replace_one(self._query, document.checked()).matched_count)

    def update(self, **changes: object) -> int:
        """Change all that match, as in `set__name=…`; return how many match."""
        return int(self._collection.update_many(self._query, self._update_of(changes)).matched_count)

    def update_one(self, **changes: object) -> int:
        """Change the first that matches; return 1, or 0 if none does."""
        return int(self._collection.update_one(self._query, self._update_of(changes)).matched_count)

    def upsert_one(self, **changes: object) -> None:
        """Change the one that matches, or make it; raise DuplicateKeyError as `insert_once` does."""
        self._collection.update_one(self._query, self._update_of(changes), upsert=True)

    def change_one(self, **changes: object) -> D | None:
        """Change the first in order and return it as it is then; unset for none."""
        found = self._collection.find_one_and_update(
            self._query,
            self._update_of(changes),
            sort=self._ordering,
            return_document=ReturnDocument.AFTER,
        )
        return self._read(found)

    def take(self) -> D | None:
        """Remove the first in order and return it; unset for none."""
        return self._read(self._collection.find_one_and_delete(self._query, sort=self._ordering))

    def delete(self) -> int:
        """Remove all that match; return how many."""
        return int(self._collection.delete_many(self._query).deleted_count)

    def _read(self, row: dict[str, Any] | None) -> D | None:
        return None if row is None else self._document.of_row(row)

    def _update_of(self, changes: Mapping[str, object]) -> Any:
        """Return the update as MongoDB takes it; a pipeline, given as `__raw__`, is taken as it is."""
        if "__raw__" in changes:
            return changes["__raw__"]
        with _own_errors(self._document):
            for name, value in changes.items():
                operator, _, path = name.partition("__")
                if operator in ("set", "set_on_insert", "max", "min"):
                    _check(self._document, path, value)
            return transform.update(self._document, **changes)


class Stored(me.Document):
    """A document of a collection.

    Those that an older version wrote may lack fields, and hold some that are not declared:
    these are read over, and left as they are by all but `replace`.
    """

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "strict": False, "auto_create_index": False}

    @classmethod
    def on(cls, db: Db, matching: Q | None = None, **query: object) -> Documents[Self]:
        """Return the documents of a database that match, as in `name="…"` or `at__lte=…`."""
        found: Documents[Self] = Documents(cls, db[cls._meta["collection"]])
        found._query_obj = Q(**query) if matching is None else Q(**query) & matching
        return found

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Self:
        """Read a document that PyMongo or a pipeline has found."""
        document: Self = cls._from_son(row)
        return document

    def checked(self) -> dict[str, Any]:
        """Return the document as MongoDB keeps it; raise InvalidDocument with the first field at fault.

        `clean` comes last, so that it finds every field of its type.
        """
        with _own_errors(type(self)):
            self.validate(clean=False)
        self.clean()
        document: dict[str, Any] = self.to_mongo()
        return document

    def refuse(self, field: str, reason: str) -> NoReturn:
        """Raise InvalidDocument for a field: for `clean`, where fields must fit each other."""
        raise InvalidDocument(type(self).__name__, field, reason)

    @classmethod
    def _get_collection(cls) -> NoReturn:
        raise TypeError(f"a {cls.__name__} has no database of its own: write {cls.__name__}.on(db)")


class Part(me.EmbeddedDocument):
    """A document within another one."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "strict": False}


def _check(document: type[Stored], field: str, value: object) -> None:
    declared = document._fields.get(field)
    if declared is None:
        return  # a part of a field: `transform` knows
    if value is not None:
        declared._validate(value)
    elif declared.required:
        declared.error("Field is required")


@contextmanager
def _own_errors(document: type[Stored]) -> Iterator[None]:
    try:
        yield
    except me.ValidationError as error:
        field, reason = _first_problem(error)
        raise InvalidDocument(document.__name__, field, reason) from None


def _first_problem(error: me.ValidationError) -> tuple[str, str]:
    """Return the field at fault, by its path, and what is wrong with it."""
    path, problem = [], error.to_dict() or {error.field_name: str(error)}
    while isinstance(problem, dict):
        name, problem = next(iter(problem.items()))
        path.append(str(name))
    return ".".join(path), str(problem)
