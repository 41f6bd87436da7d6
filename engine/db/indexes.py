"""The indexes of collections, as their documents declare them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import mongoengine as me

from engine.db import Db


def create_all(db: Db, documents: Iterable[type[me.Document]]) -> None:
    """Create the indexes that are missing; those that are there cost nothing."""
    for document in documents:
        collection = db[document._meta["collection"]]
        for spec in document._meta["index_specs"]:
            options = {name: value for name, value in spec.items() if name not in ("fields", "cls")}
            collection.create_index(spec["fields"], **options)


def missing(db: Db, documents: Iterable[type[me.Document]]) -> Iterator[str]:
    """Yield the collection and keys of each index that is declared and does not exist."""
    for document in documents:
        name = document._meta["collection"]
        present = {tuple(index["key"].items()) for index in db[name].list_indexes()}
        for spec in document._meta["index_specs"]:
            if tuple(spec["fields"]) not in present:
                yield f"{name} {spec['fields']}"
