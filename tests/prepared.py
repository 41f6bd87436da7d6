"""A prepared database that the next test finds as the first did.

Creating the collections and their hundred indexes takes longer than most tests do, so the
documents are taken out and not the collections; a test that changed more than documents
leaves a database that is thrown away.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence
from typing import Any

from pymongo.write_concern import WriteConcern

from engine.db import Db
from engine.db.connection import connect, utc_now
from engine.domain.document import Document
from engine.operations.job_kinds import find_job_kinds
from engine.operations.preparation import prepare
from engine.settings import CONFIG_DIR

FEW = 2_000
"""Documents of a collection that are sooner deleted than the database is made again."""

_databases = itertools.count()


class Prepared:
    """Hands out one database after the other, to one test at a time."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._name: str | None = None
        self._indexes: Document = {}
        self._documents: dict[str, list[Document]] = {}

    def take(self) -> Db:
        """A database as `prepare` leaves an empty one."""
        forget_databases()
        find_job_kinds()
        if self._name is not None:
            db = connect(self._uri, self._name, app="tests")
            self._put_documents(db)
            return db
        name = f"prepared_{os.getpid()}_{next(_databases)}"
        db = connect(self._uri, name, app="tests")
        prepare(db, config_dir=CONFIG_DIR, now=utc_now())
        self._name, self._indexes = name, _indexes(db)
        self._documents = {name: list(db[name].find()) for name in self._indexes}
        return db

    def give_back(self, db: Db) -> None:
        """Take out what the test left, or drop what it has changed beyond that."""
        try:
            if not self._cleared(db):
                db.client.drop_database(db.name)
                self._name = None
        finally:
            db.client.close()

    def _cleared(self, db: Db) -> bool:
        found = _indexes(db)
        for name in found.keys() - self._indexes.keys():
            db[name].drop()
        if any(found.get(name) != indexes for name, indexes in self._indexes.items()):
            return False
        filled = _filled(db, sorted(self._indexes))
        if any(count > FEW for count in filled.values()):
            return False
        for name in filled:
            _quickly(db, name).delete_many({})
        return True

    def _put_documents(self, db: Db) -> None:
        for name, documents in self._documents.items():
            if name == "rulesets":  # published as the test begins
                documents = [{**document, "published_at": utc_now()} for document in documents]
            if documents:
                _quickly(db, name).insert_many(documents)


def forget_databases() -> None:
    """Empty what is remembered by the name of a database: a name means another one now."""
    for name, module in list(sys.modules.items()):
        if name.startswith("engine."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    if "streamlit" in sys.modules:
        sys.modules["streamlit"].cache_data.clear()


# One question for all collections: a test of its own for each would cost more than most tests do.


def _indexes(db: Db) -> Document:
    """The indexes of each collection by name."""
    catalog = db.client.admin.aggregate(
        [{"$listCatalog": {}}, {"$match": {"db": db.name, "type": "collection"}}]
    )
    return {
        row["name"]: {index["spec"]["name"]: index["spec"] for index in row["md"]["indexes"]}
        for row in catalog
    }


def _filled(db: Db, names: Sequence[str]) -> dict[str, int]:
    """How many documents, up to one more than FEW, are in each collection that is not empty."""
    first, *others = names
    pipeline = _counting(first) + [
        {"$unionWith": {"coll": name, "pipeline": _counting(name)}} for name in others
    ]
    return {row["name"]: row["count"] for row in db[first].aggregate(pipeline)}


def _counting(name: str) -> list[Document]:
    return [
        {"$limit": FEW + 1},
        {"$group": {"_id": None, "count": {"$sum": 1}}},
        {"$project": {"_id": 0, "count": 1, "name": {"$literal": name}}},
    ]


def _quickly(db: Db, name: str) -> Any:
    return db[name].with_options(write_concern=WriteConcern(w=1, j=False))
