"""The indexes of every collection, as its document declares them."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from engine.db import documents

Document = dict[str, Any]


def create_all(db: Database[Document]) -> None:
    """Create the indexes that are missing; those that are there cost nothing."""
    for document in documents.ALL:
        _create(db, document)


def _create(db: Database[Document], document: Any) -> None:
    collection = db[document._meta["collection"]]
    for spec in document._meta["index_specs"]:
        options = {name: value for name, value in spec.items() if name not in ("fields", "cls")}
        collection.create_index(spec["fields"], **options)
